"""What every app stands on and which stands on nothing: errors, money, figures, names, documents, looks of states."""
