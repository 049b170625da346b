"""From values to money, in pure Python: shares, allocation, intervals, inequality, correlation. No Django here."""
