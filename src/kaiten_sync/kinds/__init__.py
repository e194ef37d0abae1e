"""Facts about each kind of object, as tables. Code that treats kinds alike reads them here."""
