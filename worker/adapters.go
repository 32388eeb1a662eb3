package worker

import (
	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

// Adapters returns every adapter that a channel can name.
func Adapters() map[string]activities.AdapterFactory {
	return map[string]activities.AdapterFactory{
		"rest": func(c activities.AdapterConfig) (downstream.Adapter, error) {
			return rest.New(rest.Config{
				Channel: c.Channel, BaseURL: c.BaseURL, Token: c.Token, Timeout: c.Timeout, Transport: c.Transport,
			})
		},
	}
}
