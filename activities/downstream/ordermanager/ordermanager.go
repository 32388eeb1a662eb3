// Package ordermanager is the adapter for Extensiv Order Manager, formerly
// Skubana.
//
// # Options
//
//   - Token: the bearer token of an app in the merchant's account. It must be
//     allowed to read orders, to cancel them and to create shipments. Required,
//     secret.
//   - SalesChannelID: the number that Order Manager has given to the
//     BigCommerce store. One account holds the orders of many channels, whose
//     numbers can collide. Required.
//   - BaseURL: DefaultBaseURL, unless it is a sandbox.
//   - CancelReasonType: why orders are cancelled, in the words of the API.
//     Default OTHER.
//   - Carriers, DefaultCarrier, NoTracking: how parcels are named. See Config.
//   - RequestsPerSecond: the adapter's own limit for each token, default 5.
//     See below.
//
// # What it tells others
//
// Nothing. Order Manager can pass a cancellation or a shipment on to the sales
// channel, refund it there and write to the customer. BigCommerce is where the
// change came from, so every such flag is sent, and is false.
//
// # What it believes
//
// What it reads. An order is read before it is changed, to be refused or found
// done there, and read again afterwards. The answer to a change is looked into
// only when the order did not become what was wished: a 200 can hold a result
// for each parcel, and any of them can be a failure. Where an order has become
// fulfilled although some of its parcels were refused, the change has
// succeeded; Exchange.Refused counts such parcels.
//
// # Versions
//
// Order Manager has none. Order.Version is made of the order's status and the
// time at which it was last modified, and is compared right before the write.
// Changes of one order in one process wait for each other. What remains is the
// moment between that read and the write, in which a person or another process
// can change the order: the system then does what it does in the order's new
// state, and reading it again shows the result, but not who caused it. Two
// processes that ship one order in the same moment both send their parcels and
// both report that they did it; whether Order Manager keeps the second ones is
// not known.
//
// # How often it is asked
//
// No limit is published, so the adapter keeps one of its own. The requests of all
// adapters of a process with one token leave one by one; each keeps the distance
// to the next that its own channel's RequestsPerSecond asks for. A call takes the
// turns for all of its requests before the first, and is let in only if the last
// of them comes while its context lasts. Whoever is refused is not kept waiting:
// the call fails as RateLimited, with a time to come back that differs from that
// of the others. Processes know nothing of each other.
package ordermanager

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Adapter implements downstream.Adapter. Use New to make one; it is safe for
// concurrent use.
type Adapter struct {
	account *account
	client  *overhttp.Client
	config  Config
	// distance is how far the next request must be from one of this Adapter.
	distance time.Duration
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	config = config.withDefaults()
	client, err := overhttp.New(overhttp.Config{
		Advice:        advice,
		AllowInsecure: config.AllowInsecure,
		BaseURL:       config.BaseURL,
		Channel:       config.Channel,
		Keys:          "the token",
		ExampleURL:    DefaultBaseURL,
		Explain:       explain,
		Header:        http.Header{"Authorization": {"Bearer " + config.Token}},
		Observe:       config.Observe,
		Refused:       refusedParcels,
		System:        "Order Manager",
		Timeout:       config.Timeout,
		Transport:     config.Transport,
	}, config.mistakes())
	if err != nil {
		return nil, err
	}
	return &Adapter{
		account:  accountOf(strings.TrimRight(config.BaseURL, "/"), config.Token),
		client:   client,
		config:   config,
		distance: time.Duration(float64(time.Second) / config.RequestsPerSecond),
	}, nil
}

// Close ends the idle connections of the Adapter's own transport. Calls under
// way are not disturbed. With Config.Transport it does nothing.
func (a *Adapter) Close() { a.client.Close() }

// probeNumber is an order number that no BigCommerce store gives.
const probeNumber = "orderbridge-probe"

// Probe implements downstream.Adapter. It searches for an order that does not
// exist, which is the least that the API answers with. It cannot tell whether
// the token may also cancel and ship, nor whether the sales channel exists.
func (a *Adapter) Probe(ctx context.Context) error {
	call := overhttp.Call{Name: "probe"}
	t, err := a.take(ctx, call, 1)
	if err != nil {
		return err
	}
	defer t.giveBack()
	_, err = a.page(ctx, t, call, probeNumber, 1, minPage)
	return err
}
