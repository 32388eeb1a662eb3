package setupcmd

// ParseRetention reads the value of --retention.
var ParseRetention = parseRetention
