package activities

// Fail is what every activity passes its errors through.
var Fail = fail

// Target derives the request that a downstream system sees.
var Target = target

// DefaultTimeout returns the time-out that connections were made with.
func DefaultTimeout(c *Connections) any { return c.config.Timeout }
