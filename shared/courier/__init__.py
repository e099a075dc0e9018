"""The command line of an operator: `python -m shared.courier WORD`."""
