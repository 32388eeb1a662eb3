package ordermanager

import "github.com/orderbridge/orderbridge/activities/downstream"

// Driver returns what a channel can say of an Order Manager account.
func Driver() downstream.Driver {
	return downstream.Driver{ //nolint:gosec // it says what the credential is, and holds none
		Name:        "ordermanager",
		Title:       "Extensiv Order Manager",
		BaseURL:     DefaultBaseURL,
		Credential:  "the API token, without the word Bearer",
		Permissions: "to read and change the orders of the sales channel",
		Statuses:    vocabulary(),
		Options: []downstream.Option{
			{
				Name: "sales_channel_id", Form: downstream.FormNumber, Required: true, Account: true,
				Usage: "Order Manager's number of the sales channel, which its API shows as salesChannelId of every order",
			},
			{
				Name: "cancel_reason", Form: downstream.FormText, Default: DefaultCancelReasonType, OneOf: CancelReasonTypes(),
				Usage: "the reason that a cancellation gives",
			},
			{
				Name: "carriers", Form: downstream.FormPairs,
				Usage: "Order Manager's names for carriers as BigCommerce calls them; others are passed on as they are",
			},
			{
				Name: "default_carrier", Form: downstream.FormText, Default: DefaultCarrier,
				Usage: "what is said of a parcel without a carrier",
			},
			{
				Name: "no_tracking", Form: downstream.FormText, Default: DefaultNoTracking,
				Usage: "what is said of an order that was shipped without a tracking number",
			},
			{
				Name: "requests_per_second", Form: downstream.FormDecimal, Default: "5",
				Usage: "how many requests one worker sends at most, 0.2 or more; give each worker its part",
			},
			downstream.AccountOption(),
		},
		Open: func(c downstream.Config) (downstream.Adapter, error) {
			return New(Config{
				Channel: c.Channel, BaseURL: c.BaseURL, Token: c.Token,
				SalesChannelID: c.Options.Number("sales_channel_id"), CancelReasonType: c.Options["cancel_reason"],
				Carriers: c.Options.Pairs("carriers"), DefaultCarrier: c.Options["default_carrier"],
				NoTracking: c.Options["no_tracking"], RequestsPerSecond: c.Options.Decimal("requests_per_second"),
				Timeout: c.Timeout, Transport: c.Transport,
			})
		},
	}
}

// vocabulary lists the statuses as people see them.
func vocabulary() []downstream.Status {
	all := make([]downstream.Status, 0, len(statuses))
	for _, s := range statuses {
		all = append(all, s.Status)
	}
	return all
}
