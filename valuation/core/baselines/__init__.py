"""Other estimators, to compare with: nobody is paid by them."""
