"""How the family's files are made; see ``train.py``. Nothing here is needed to use them."""
