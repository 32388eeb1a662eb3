package threepl

import "github.com/orderbridge/orderbridge/activities/downstream"

// Driver returns what a channel can say of a warehouse.
func Driver() downstream.Driver {
	return downstream.Driver{
		Name:        "threepl",
		Title:       "Extensiv 3PL Warehouse Manager",
		BaseURL:     DefaultBaseURL,
		Credential:  "the client id and the client secret of the warehouse's REST API access, as ID:SECRET",
		Permissions: "the roles OrderView, OrderWrite and OrderConfirm",
		Statuses:    Statuses(),
		Options: []downstream.Option{
			{
				Name: "customer_id", Form: downstream.FormNumber, Required: true, Account: true,
				Usage: "the merchant's number among the warehouse's customers; orders of others are never touched",
			},
			{
				Name: "user_login", Form: downstream.FormText, Required: true,
				Usage: "the login that came with the credentials, under which the warehouse sees what was done",
			},
			{
				Name: "facility_id", Form: downstream.FormNumber,
				Usage: "the number of one facility, if only its orders are meant",
			},
			{
				Name: "tpl", Form: downstream.FormText,
				Usage: "the warehouse's GUID, which only credentials for several warehouses need",
			},
			{
				Name: "recalculate_charges", Form: downstream.FormBool, Default: "false",
				Usage: "whether a fulfillment computes the automatic charges anew",
			},
			downstream.AccountOption(),
		},
		Open: func(c downstream.Config) (downstream.Adapter, error) {
			id, secret, err := downstream.SplitCredential(c)
			if err != nil {
				return nil, err
			}
			return New(Config{
				Channel: c.Channel, BaseURL: c.BaseURL, ClientID: id, ClientSecret: secret,
				UserLogin: c.Options["user_login"], CustomerID: c.Options.Number("customer_id"),
				FacilityID: c.Options.Number("facility_id"), TPL: c.Options["tpl"],
				RecalculateCharges: c.Options.Bool("recalculate_charges"), Timeout: c.Timeout, Transport: c.Transport,
			})
		},
	}
}
