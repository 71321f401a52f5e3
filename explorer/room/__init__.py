"""The app open to a room: who may come in, how much each may ask of the server, and what the two pages before the app say."""
