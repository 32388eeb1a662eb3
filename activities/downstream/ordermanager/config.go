package ordermanager

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
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
	DefaultTimeout = overhttp.DefaultTimeout
	// MinRequestsPerSecond is the least at which a change gets done. One attempt
	// has 30 s; three requests at a distance of 5 s leave half of it to their
	// answers, and to those that came before.
	MinRequestsPerSecond = 0.2
	// MaxRequestsPerSecond bounds a limit that is none.
	MaxRequestsPerSecond = 1000
)

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
	// at most, at even distances: from MinRequestsPerSecond to
	// MaxRequestsPerSecond. Where several processes share a token, give each of
	// them its part. Where Adapters with one token differ, each decides how long
	// the process waits after a request of its own. Default
	// DefaultRequestsPerSecond.
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

// Exchange is one HTTP request and its answer, for metrics and traces. Refused
// is how many parcels a success says were refused; waiting for the limit is not
// part of Duration.
type Exchange = overhttp.Exchange

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
	carriers := make(map[string]string, len(c.Carriers))
	// Sorted, so that of two spellings of one carrier always the same wins.
	for _, from := range slices.Sorted(maps.Keys(c.Carriers)) {
		carriers[strings.ToLower(strings.TrimSpace(from))] = strings.TrimSpace(c.Carriers[from])
	}
	c.Carriers = carriers
	return c
}

// mistakes are those in what other systems do not have.
func (c Config) mistakes() overhttp.Mistakes {
	const text = "is empty, padded, unprintable or longer than 100 characters"
	var all overhttp.Mistakes
	all.If(!overhttp.IsCredential(c.Token), "token", "the token", "is empty or has a character that no HTTP header can carry")
	all.If(strings.HasPrefix(strings.ToLower(c.Token), "bearer"), "token", "the token", "starts with Bearer; give it without that word")
	all.If(c.SalesChannelID <= 0, "options.sales_channel_id", "the sales channel id",
		"is not a positive number; Order Manager's API shows it as salesChannelId of every order")
	all.If(!slices.Contains(CancelReasonTypes(), c.CancelReasonType), "options.cancel_reason", "the cancel reason type",
		"is none of "+strings.Join(CancelReasonTypes(), ", "))
	all.If(!isText(c.DefaultCarrier), "options.default_carrier", "the default carrier", text)
	all.If(!isText(c.NoTracking), "options.no_tracking", "the text for no tracking number", text)
	for from, to := range c.Carriers {
		all.If(!isText(from) || !isText(to), "options.carriers", "a carrier to translate", text)
	}
	// Written so that what is not a number is wrong, too.
	all.If(!(c.RequestsPerSecond >= MinRequestsPerSecond && c.RequestsPerSecond <= MaxRequestsPerSecond),
		"options.requests_per_second", "the requests per second", fmt.Sprintf(
			"are not between %v, below which the three requests of a change do not fit into the time of one attempt, and %v",
			MinRequestsPerSecond, MaxRequestsPerSecond))
	return all
}

func isText(text string) bool {
	return text != "" && text == strings.TrimSpace(text) && utf8.RuneCountInString(text) <= 100 &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
