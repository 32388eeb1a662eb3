package shipstation

import "github.com/orderbridge/orderbridge/activities/downstream"

// Driver returns what a channel can say of a ShipStation account.
func Driver() downstream.Driver {
	return downstream.Driver{ //nolint:gosec // it says what the credential is, and holds none
		Name:        "shipstation",
		Title:       "ShipStation (API V1)",
		BaseURL:     DefaultBaseURL,
		Credential:  "the API key and the API secret, as KEY:SECRET",
		Permissions: "an API key has all rights of its account",
		Statuses:    vocabulary(),
		Options: []downstream.Option{
			{
				Name: "store_id", Form: downstream.FormNumber,
				Usage: "the number of one of the account's stores, if only its orders are meant",
			},
			{
				Name: "carriers", Form: downstream.FormPairs,
				Usage: "carrier codes for carriers as BigCommerce calls them, beside usps, ups and fedex: dhl=dhl_express",
			},
			{
				Name: "default_carrier", Form: downstream.FormText, Default: DefaultCarrier,
				Usage: "the carrier code for every other carrier",
			},
			{
				Name: "time_zone", Form: downstream.FormText, Default: DefaultTimeZone,
				Usage: "the zone in which ShipStation tells the day of a shipment",
			},
			downstream.AccountOption(),
		},
		Open: func(c downstream.Config) (downstream.Adapter, error) {
			key, secret, err := downstream.SplitCredential(c)
			if err != nil {
				return nil, err
			}
			return New(Config{
				Channel: c.Channel, BaseURL: c.BaseURL, APIKey: key, APISecret: secret,
				StoreID: c.Options.Number("store_id"), Carriers: c.Options.Pairs("carriers"),
				DefaultCarrier: c.Options["default_carrier"], TimeZone: c.Options["time_zone"],
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
