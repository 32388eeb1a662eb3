// Package shipstation is the adapter for ShipStation's API V1.
//
// # What the options mean
//
//   - APIKey and APISecret (required, secret): a pair from Settings > Account >
//     API Settings. ShipStation knows no scopes for it: it can do what the
//     account can.
//   - StoreID (default: every store): the ShipStation store that holds the
//     channel's orders. Set it as soon as an account has more than one store:
//     an order number is unique within a store at best.
//   - Carriers and DefaultCarrier (default "other"): which carrier code a
//     parcel is marked as shipped with.
//   - TimeZone (default "America/Los_Angeles"): the zone of the day that a
//     parcel is said to have been shipped on. ShipStation's own dates are in
//     Pacific time.
//   - BaseURL, AllowInsecure, Timeout: where and how the API is reached.
//
// # What ShipStation can and cannot do
//
// There is no call that cancels. The order is read, its status is replaced and
// the whole document is sent back under the orderKey that it has, because
// ShipStation clears what is missing. Every field goes back as it came, those
// that this package does not know too. The reason of a cancellation has no
// place in an order and is not passed on.
//
// An order has no version. Order.Version is made of the time of its last
// modification and its status, and is compared right before the write. What
// remains is the moment between that read and the write: an edit that somebody
// makes in it is overwritten by a cancellation. A parcel that leaves in that
// moment is safe, as ShipStation updates no shipped order.
//
// Changes of one order through this process are made one after the other. Two
// processes that change it in the same moment both write, and both report that
// they did it. To cancel twice is harmless. To mark as shipped twice may leave two
// records of the parcel: ShipStation does not say that it refuses the second. It
// takes two webhooks about one order at the same time, or an attempt that goes on
// in one process after its time is up while the next one runs in another.
//
// Nor does it know repeated requests. A repetition reads the order first, and
// finds what an earlier attempt did: Change.AlreadyDone is then set.
//
// One tracking number is kept of an order: ShipStation marks an order as
// shipped once. Orders that were merged with others, or split, are refused: one
// ShipStation order is then not one order of the sales channel.
//
// # How often it is asked
//
// ShipStation allows 40 requests a minute to an API key and says in each answer
// how many are left. All adapters of a process that use one key share that
// account. A change is begun only when there is room for all of its requests. A
// search leaves as many as the change after it takes, and half of a minute's
// requests while changes wait: otherwise a crowd could use each minute up with
// reading and never get to writing. Whoever finds no room in a minute is not kept
// waiting: the call fails as RateLimited with the time to wait.
//
// Other processes are known by the same headers alone. So a process begins each
// minute with one call, and has no more under way than an eighth of what was
// last said to be left, or one call. At the end of a minute each of them may then
// ask for what another has just taken. That is at most two requests in vain a
// minute for each process beyond the first (simulated with two and four, where it
// was one as a rule), which ShipStation refuses and does not carry out.
package shipstation

import (
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
	now     func() time.Time
	zone    *time.Location
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	config = config.withDefaults()
	zone, mistakes := config.zone()
	client, err := overhttp.New(overhttp.Config{
		Advice:        advice,
		AllowInsecure: config.AllowInsecure,
		BaseURL:       config.BaseURL,
		Channel:       config.Channel,
		Keys:          "the API key and the API secret",
		ExampleURL:    DefaultBaseURL,
		Explain:       explain,
		Header:        http.Header{"Authorization": {overhttp.Basic(config.APIKey, config.APISecret)}},
		MaxRetryAfter: maxWait,
		Observe:       config.Observe,
		System:        "ShipStation",
		Timeout:       config.Timeout,
		Transport:     config.Transport,
	}, mistakes)
	if err != nil {
		return nil, err
	}
	return &Adapter{
		account: accountOf(strings.TrimRight(config.BaseURL, "/"), config.APIKey),
		client:  client,
		config:  config,
		now:     time.Now,
		zone:    zone,
	}, nil
}

// Close ends the idle connections of the Adapter's own transport. Calls under
// way are not disturbed. With Config.Transport it does nothing.
func (a *Adapter) Close() { a.client.Close() }
