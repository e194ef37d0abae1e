"""The API's resources: per resource its schemas, its operations, its rendering."""
