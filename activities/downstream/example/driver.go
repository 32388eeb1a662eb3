package example

import (
	"net/http"
	"slices"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// statuses is the whole vocabulary, in Binrow's own words.
var statuses = []downstream.Status{
	{Name: "Received", Phase: downstream.PhaseUnprocessed, Description: "Imported, and not checked yet."},
	{Name: "Ready", Phase: downstream.PhaseOpen, Description: "Waits to be picked."},
	{Name: "Held", Phase: downstream.PhaseOpen, Description: "Somebody has stopped it for now."},
	{Name: "Shipped", Phase: downstream.PhaseFulfilled, Description: "Has left the warehouse."},
	{Name: "Cancelled", Phase: downstream.PhaseCancelled, Description: "Will not be shipped."},
	{Name: "Removed", Phase: downstream.PhaseClosed, Description: "Taken out of Binrow."},
}

// meanings says what answers mean where HTTP does not.
var meanings = map[int]overhttp.Meaning{
	http.StatusConflict: {Kind: downstream.Refused, Detail: "the order's state does not allow it", Advice: "look at the order in Binrow"},
	http.StatusLocked:   {Kind: downstream.InUse, Detail: "somebody has the order open", Advice: "try again when it is closed in Binrow"},
}

// Driver returns what a channel can say of a Binrow account.
func Driver() downstream.Driver {
	return downstream.Driver{
		Name:        "binrow",
		Title:       "Binrow",
		BaseURL:     "https://api.binrow.example",
		Credential:  "the account's API key",
		Permissions: "orders:read and orders:write",
		Statuses:    slices.Clone(statuses),
		Options: []downstream.Option{{
			Name: "warehouse_id", Form: downstream.FormNumber, Required: true, Account: true,
			Usage: "the number of the warehouse, as the address of its page in Binrow shows it",
		}},
		Open: open,
	}
}

// open implements Driver.Open.
func open(c downstream.Config) (downstream.Adapter, error) {
	var mistakes overhttp.Mistakes
	mistakes.If(!overhttp.IsCredential(c.Token), "token", "the API key", "has a character that no header can carry")
	client, err := overhttp.New(overhttp.Config{
		BaseURL: c.BaseURL, Channel: c.Channel, Timeout: c.Timeout, Transport: c.Transport,
		System: "Binrow", Keys: "the API key", Header: http.Header{"X-Api-Key": {c.Token}},
		Explain: func(_ overhttp.Call, ans overhttp.Answer) (overhttp.Meaning, bool) {
			meaning, known := meanings[ans.Status]
			return meaning, known
		},
	}, mistakes)
	if err != nil {
		return nil, err
	}
	return &Adapter{client: client, warehouse: c.Options["warehouse_id"]}, nil
}
