"""What each label means, as data: versioned TOML files and the crosswalks to other schemes."""
