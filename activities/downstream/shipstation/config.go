package shipstation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // images without a file system have no zones of their own

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Defaults of Config.
const (
	// DefaultBaseURL is ShipStation's API V1.
	DefaultBaseURL = "https://ssapi.shipstation.com"
	// DefaultCarrier is the carrier code of parcels whose carrier has no other.
	DefaultCarrier = "other"
	// DefaultTimeout is how long one HTTP request may take.
	DefaultTimeout = 10 * time.Second
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
type Exchange struct {
	// Channel is Config.Channel.
	Channel string
	// Duration is from the first byte sent until the answer was read.
	Duration time.Duration
	// Kind is what the answer was mapped to, or "" when it was a success.
	Kind downstream.Kind
	// Method is the HTTP method.
	Method string
	// Route is the API's path with placeholders, for example "/orders/{id}":
	// it has few values and no identifiers.
	Route string
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
}

// withDefaults returns a copy in which what was left out has its default.
func (c *Config) withDefaults() Config {
	filled := *c
	if filled.BaseURL == "" {
		filled.BaseURL = DefaultBaseURL
	}
	if filled.DefaultCarrier == "" {
		filled.DefaultCarrier = DefaultCarrier
	}
	if filled.Timeout == 0 {
		filled.Timeout = DefaultTimeout
	}
	if filled.TimeZone == "" {
		filled.TimeZone = DefaultTimeZone
	}
	carriers := make(map[string]string, len(c.Carriers))
	for name, code := range c.Carriers {
		carriers[foldCarrier(name)] = code
	}
	filled.Carriers = carriers
	return filled
}

// carrierCode is the form of ShipStation's own codes, such as "stamps_com".
var carrierCode = regexp.MustCompile(`^[a-z0-9_]{1,50}$`)

// validate reports every mistake at once. Its messages repeat no values: a
// secret can be pasted into any field.
func (c *Config) validate() (*time.Location, error) {
	var mistakes []error
	wrong := func(condition bool, message string) {
		if condition {
			mistakes = append(mistakes, errors.New(message))
		}
	}
	wrong(strings.TrimSpace(c.Channel) == "", "the channel is empty")
	if err := c.validateBaseURL(); err != nil {
		mistakes = append(mistakes, err)
	}
	// RFC 7617: the first colon ends the user.
	wrong(!isVisible(c.APIKey) || strings.Contains(c.APIKey, ":"),
		"the API key is empty or has a character that no API key has")
	wrong(!isVisible(c.APISecret), "the API secret is empty or has a character that no API secret has")
	wrong(c.StoreID < 0, "the store id is negative")
	wrong(c.Timeout < 0, "the timeout is negative")
	wrong(!carrierCode.MatchString(c.DefaultCarrier), "the default carrier is not a carrier code of ShipStation, such as other or stamps_com")
	unusable := 0
	for name, code := range c.Carriers {
		if name == "" || !carrierCode.MatchString(code) {
			unusable++
		}
	}
	wrong(unusable > 0, fmt.Sprintf("%d of the carriers have no name, or no carrier code of ShipStation such as stamps_com", unusable))
	zone, err := time.LoadLocation(c.TimeZone)
	// "Local" would depend on the machine.
	wrong(err != nil || c.TimeZone == "Local", "the time zone is not an IANA name such as America/Los_Angeles")
	return zone, errors.Join(mistakes...)
}

func (c *Config) validateBaseURL() error {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("the base URL is not absolute, as " + DefaultBaseURL + " is")
	case u.User != nil:
		return errors.New("the base URL holds a user; credentials go into the API key and the API secret")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the base URL holds a query or a fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("the base URL is neither https nor http")
	case !c.AllowInsecure && !isLoopback(u.Hostname()):
		return errors.New("the base URL is http to another machine, which would show the credentials to the network; use https")
	default:
		return nil
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func isVisible(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
