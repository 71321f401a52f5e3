"""How codes of many dimensions become places on a flat map, how places become codes, and how far either is to be trusted."""
