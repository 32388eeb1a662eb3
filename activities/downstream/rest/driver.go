package rest

import "github.com/orderbridge/orderbridge/activities/downstream"

// Driver returns what a channel can say of a system that answers the project's
// own contract.
func Driver() downstream.Driver {
	return downstream.Driver{
		Name:        "rest",
		Title:       "any system that answers the downstream contract",
		Credential:  "the bearer token of the contract",
		Permissions: "to read, cancel and fulfill orders",
		Open: func(c downstream.Config) (downstream.Adapter, error) {
			return New(Config{Channel: c.Channel, BaseURL: c.BaseURL, Token: c.Token, Timeout: c.Timeout, Transport: c.Transport})
		},
	}
}
