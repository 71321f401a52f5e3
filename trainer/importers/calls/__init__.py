"""How the functions of a model are called: what it is made of, how it is fed, what it draws and what it gives."""
