package vendure

import (
	"slices"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Driver returns what a channel can say of a Vendure.
func Driver() downstream.Driver {
	return downstream.Driver{
		Name:        "vendure",
		Title:       "Vendure",
		Credential:  "the password of the administrator whose user name is given or, without a user name, an API key",
		Permissions: "a role with ReadOrder and UpdateOrder",
		Statuses:    slices.Clone(statuses),
		Options: []downstream.Option{
			{
				Name: "username", Form: downstream.FormText,
				Usage: "what the administrator logs in with; not given if the token is an API key",
			},
			{
				Name: "field", Form: downstream.FormText, Default: DefaultField,
				Usage: "the custom field of orders, of type string, that holds the channel's order number; or code, for Vendure's own",
			},
			{
				Name: "channel_token", Form: downstream.FormText,
				Usage: "the token of one of Vendure's own channels, if only its orders are meant",
			},
			{
				Name: "fulfillment_handler", Form: downstream.FormText, Default: DefaultFulfillmentHandler,
				Usage: "the code of the handler that makes fulfillments",
			},
			downstream.AccountOption(),
		},
		Open: func(c downstream.Config) (downstream.Adapter, error) {
			config := Config{
				Channel: c.Channel, BaseURL: c.BaseURL, Username: c.Options["username"],
				Field: c.Options["field"], ChannelToken: c.Options["channel_token"],
				FulfillmentHandler: c.Options["fulfillment_handler"], Timeout: c.Timeout, Transport: c.Transport,
			}
			if config.Username == "" {
				config.APIKey = c.Token
			} else {
				config.Password = c.Token
			}
			return New(config)
		},
	}
}
