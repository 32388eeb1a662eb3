package shipstation

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // images without a file system have no zones of their own

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Defaults of Config.
const (
	// DefaultBaseURL is ShipStation's API V1.
	DefaultBaseURL = "https://ssapi.shipstation.com"
	// DefaultCarrier is the carrier code of parcels whose carrier has no other.
	DefaultCarrier = "other"
	// DefaultTimeout is how long one HTTP request may take.
	DefaultTimeout = overhttp.DefaultTimeout
	// DefaultTimeZone is the zone of ShipStation's own dates.
	DefaultTimeZone = "America/Los_Angeles"
)

// Config says which ShipStation account an Adapter talks to, and how.
type Config struct {
	// AllowInsecure permits http:// to hosts other than the loopback. The
	// credentials then cross the network in the clear. Default false.
	AllowInsecure bool
	// APIKey is the user of the API's basic authentication. A secret: it
	// appears in no error. Required.
	APIKey string
	// APISecret is the password to APIKey. A secret. Required.
	APISecret string
	// BaseURL is https, or http to the loopback, without user, query and
	// fragment. Default DefaultBaseURL.
	BaseURL string
	// Carriers maps carriers as BigCommerce calls them, without regard to
	// case, to ShipStation's carrier codes, for example "dhl" to
	// "dhl_express". It goes before what the adapter knows itself: usps, ups
	// and fedex have the codes of these names. Default: empty.
	Carriers map[string]string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// DefaultCarrier is the carrier code for every other carrier, and for
	// parcels without one: ShipStation requires a code. Default
	// DefaultCarrier.
	DefaultCarrier string
	// Observe, when set, is told of every HTTP request when its answer has
	// been read or has failed. It is called on the caller's goroutine and must
	// return quickly. Default: nobody is told.
	Observe func(context.Context, Exchange)
	// StoreID is ShipStation's number of the store whose orders are looked
	// at. Default 0: those of every store.
	StoreID int64
	// Timeout bounds one HTTP request, its answer's body included. A change
	// takes up to three requests. Default DefaultTimeout.
	Timeout time.Duration
	// TimeZone is the IANA name of the zone in which the day of a shipment is
	// told. Default DefaultTimeZone.
	TimeZone string
	// Transport sends the requests. Default: a transport of the Adapter's own,
	// with the proxy settings of the environment; Adapter.Close ends its idle
	// connections.
	Transport http.RoundTripper
}

// Exchange is one HTTP request and its answer, for metrics and traces.
type Exchange = overhttp.Exchange

// withDefaults returns a copy in which what was left out has its default.
func (c Config) withDefaults() Config {
	c.BaseURL = cmp.Or(c.BaseURL, DefaultBaseURL)
	c.DefaultCarrier = cmp.Or(c.DefaultCarrier, DefaultCarrier)
	c.TimeZone = cmp.Or(c.TimeZone, DefaultTimeZone)
	carriers := make(map[string]string, len(c.Carriers))
	for name, code := range c.Carriers {
		carriers[foldCarrier(name)] = code
	}
	c.Carriers = carriers
	return c
}

// carrierCode is the form of ShipStation's own codes, such as "stamps_com".
var carrierCode = regexp.MustCompile(`^[a-z0-9_]{1,50}$`)

// zone returns the zone of TimeZone, and the mistakes in what other systems do
// not have.
func (c Config) zone() (*time.Location, overhttp.Mistakes) {
	var all overhttp.Mistakes
	// RFC 7617: the first colon ends the user.
	all.If(!overhttp.IsCredential(c.APIKey) || strings.Contains(c.APIKey, ":"), "token", "the API key",
		"is empty or has a character that no API key has")
	all.If(!overhttp.IsCredential(c.APISecret), "token", "the API secret", "is empty or has a character that no API secret has")
	all.If(c.StoreID < 0, "options.store_id", "the store id", "is negative")
	all.If(!carrierCode.MatchString(c.DefaultCarrier), "options.default_carrier", "the default carrier",
		"is not a carrier code of ShipStation, such as other or stamps_com")
	unusable := 0
	for name, code := range c.Carriers {
		if name == "" || !carrierCode.MatchString(code) {
			unusable++
		}
	}
	all.If(unusable > 0, "options.carriers", "the list of carriers",
		fmt.Sprintf("is wrong: %d of the carriers have no name, or no carrier code of ShipStation such as stamps_com", unusable))
	zone, err := time.LoadLocation(c.TimeZone)
	// "Local" would depend on the machine.
	all.If(err != nil || c.TimeZone == "Local", "options.time_zone", "the time zone", "is not an IANA name such as America/Los_Angeles")
	return zone, all
}
