package ordermanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Defaults of Config.
const (
	// DefaultBaseURL is the address of the API.
	DefaultBaseURL = "https://api.skubana.com"
	// DefaultCancelReasonType says nothing about why: BigCommerce does not tell.
	DefaultCancelReasonType = "OTHER"
	// DefaultCarrier stands for a carrier that BigCommerce does not name.
	DefaultCarrier = "OTHER"
	// DefaultNoTracking stands for a tracking number that does not exist.
	DefaultNoTracking = "NONE"
	// DefaultRequestsPerSecond is the limit that a widespread client of this
	// API keeps to. No limit is published.
	DefaultRequestsPerSecond = 5
	// DefaultTimeout is how long one HTTP request may take.
	DefaultTimeout = 10 * time.Second
)

// maxText bounds the options that are sent as a text, in characters.
const maxText = 100

// Config says which account an Adapter talks to, and how.
type Config struct {
	// AllowInsecure permits http:// to hosts other than the loopback. The
	// token then crosses the network in the clear. Default false.
	AllowInsecure bool
	// BaseURL is what the API's paths are appended to. It is https, or http
	// to the loopback, without user, query and fragment. Default
	// DefaultBaseURL.
	BaseURL string
	// CancelReasonType is one of CancelReasonTypes. Default
	// DefaultCancelReasonType.
	CancelReasonType string
	// Carriers translates the carriers of BigCommerce, for example "usps", to
	// those of Order Manager. Case does not matter in what is translated. A
	// carrier that is not in it is passed on as it is. Default: none is.
	Carriers map[string]string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// DefaultCarrier is sent for parcels without a carrier, because the API
	// does not take a shipment without one. Default DefaultCarrier.
	DefaultCarrier string
	// NoTracking is sent as the tracking number of an order that was shipped
	// without any, because the API does not take a shipment without one.
	// Default DefaultNoTracking.
	NoTracking string
	// Observe, when set, is told of every HTTP request when its answer has
	// been read or has failed. It is called on the caller's goroutine and must
	// return quickly. Default: nobody is told.
	Observe func(context.Context, Exchange)
	// RequestsPerSecond is how many requests one process sends with this token
	// at most, at even distances; up to 1000. Where several processes share a
	// token, give each of them its part. The Adapter that was made last decides
	// for all that share a token. Default DefaultRequestsPerSecond.
	RequestsPerSecond float64
	// SalesChannelID is Order Manager's number of the sales channel. Required.
	SalesChannelID int64
	// Timeout bounds one HTTP request, its answer's body included. A change
	// takes three requests, and none of them waits long for the limit. Default
	// DefaultTimeout.
	Timeout time.Duration
	// Token is the bearer token, without the word Bearer. It appears in no
	// error. Required, secret.
	Token string
	// Transport sends the requests. Default: a transport of the Adapter's own,
	// with the proxy settings of the environment; Adapter.Close ends its idle
	// connections.
	Transport http.RoundTripper
}

// Exchange is one HTTP request and its answer, for metrics and traces.
type Exchange struct {
	// Channel is Config.Channel.
	Channel string
	// Duration is from the first byte sent until the answer was read; waiting
	// for the limit is not part of it.
	Duration time.Duration
	// Kind is what the answer was mapped to, or "" when it was a success.
	Kind downstream.Kind
	// Method is the HTTP method.
	Method string
	// Refused is how many parcels a success says were refused.
	Refused int
	// Route is the API's path with placeholders, for example
	// "/v1.1/orders/{id}": it has few values and no identifiers.
	Route string
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
}

// CancelReasonTypes lists the reasons that the API has for a cancellation.
func CancelReasonTypes() []string {
	return []string{
		"BUYER_CANCELLED", "BUYER_HAS_NOT_PAID", "CARRIER_CREDIT_DECISION", "CUSTOMER_EXCHANGE", "CUSTOMER_RETURN",
		"GENERAL_ADJUSTMENT", "MERCHANDISE_NOT_RECEIVED", "NO_INVENTORY", "OTHER",
		"RISK_ASSESSMENT_INFORMATION_NOT_VALID", "SHIPPING_ADDRESS_UNDELIVERABLE",
	}
}

func (c Config) withDefaults() Config {
	c.BaseURL = cmp.Or(c.BaseURL, DefaultBaseURL)
	c.CancelReasonType = cmp.Or(c.CancelReasonType, DefaultCancelReasonType)
	c.DefaultCarrier = cmp.Or(c.DefaultCarrier, DefaultCarrier)
	c.NoTracking = cmp.Or(c.NoTracking, DefaultNoTracking)
	c.RequestsPerSecond = cmp.Or(c.RequestsPerSecond, DefaultRequestsPerSecond)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.Observe == nil {
		c.Observe = func(context.Context, Exchange) {}
	}
	carriers := make(map[string]string, len(c.Carriers))
	// Sorted, so that of two spellings of one carrier always the same wins.
	for _, from := range slices.Sorted(maps.Keys(c.Carriers)) {
		carriers[strings.ToLower(strings.TrimSpace(from))] = strings.TrimSpace(c.Carriers[from])
	}
	c.Carriers = carriers
	return c
}

// validate reports every mistake at once. Its messages repeat no values: a
// token can be pasted into the wrong field.
func (c Config) validate() error {
	var mistakes []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			mistakes = append(mistakes, fmt.Errorf(format, args...))
		}
	}
	wrong(strings.TrimSpace(c.Channel) == "", "the channel is empty")
	if err := c.validateBaseURL(); err != nil {
		mistakes = append(mistakes, err)
	}
	wrong(!isToken(c.Token), "the token is empty or has a character that no HTTP header can carry")
	wrong(strings.HasPrefix(strings.ToLower(c.Token), "bearer"), "the token starts with Bearer; give it without that word")
	wrong(c.SalesChannelID <= 0,
		"the sales channel id is not a positive number; Order Manager's API shows it as salesChannelId of every order")
	wrong(!slices.Contains(CancelReasonTypes(), c.CancelReasonType),
		"the cancel reason type is none of %s", strings.Join(CancelReasonTypes(), ", "))
	wrong(!isText(c.DefaultCarrier), "the default carrier is padded, unprintable or longer than %d characters", maxText)
	wrong(!isText(c.NoTracking), "the text for no tracking number is padded, unprintable or longer than %d characters", maxText)
	for from, to := range c.Carriers {
		wrong(!isText(from) || !isText(to), "a carrier to translate is empty, unprintable or longer than %d characters", maxText)
	}
	// Written so that what is not a number is wrong, too.
	wrong(!(c.RequestsPerSecond > 0 && c.RequestsPerSecond <= 1000), "the requests per second are not above 0 and at most 1000")
	wrong(c.Timeout < 0, "the timeout is negative")
	return errors.Join(mistakes...)
}

func (c Config) validateBaseURL() error {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("the base URL is not absolute, as " + DefaultBaseURL + " is")
	case u.User != nil:
		return errors.New("the base URL holds a user; credentials go into the token")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the base URL holds a query or a fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("the base URL is neither https nor http")
	case !c.AllowInsecure && !isLoopback(u.Hostname()):
		return errors.New("the base URL is http to another machine, which would show the token to the network; use https")
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

// isToken reports whether a bearer token can be sent: visible ASCII.
func isToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isText(text string) bool {
	return text != "" && text == strings.TrimSpace(text) && len([]rune(text)) <= maxText &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
