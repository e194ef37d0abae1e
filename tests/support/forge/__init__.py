"""GitHub and GitLab as far as our workflows see them: jobs run as they stand, the API is a file."""
