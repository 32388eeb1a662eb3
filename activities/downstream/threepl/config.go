package threepl

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	// DefaultBaseURL is the vendor's own address of the API.
	DefaultBaseURL = "https://secure-wms.com"
	// DefaultTimeout is how long one HTTP request may take when Config.Timeout
	// is zero.
	DefaultTimeout = overhttp.DefaultTimeout
)

var guid = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$`)

// Config says which warehouse an Adapter talks to, for which of its customers.
type Config struct {
	// BaseURL is what the API's paths are appended to: https, or http to the
	// loopback, without user, query and fragment. Default DefaultBaseURL.
	BaseURL string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// ClientID is the first half of the credentials. It appears in no error.
	// Required.
	ClientID string
	// ClientSecret is the second half of the credentials. It appears in no
	// error. Required.
	ClientSecret string
	// CustomerID is the warehouse's number of the merchant, above 0. Orders of
	// other customers are never found and never changed. Required.
	CustomerID int64
	// FacilityID restricts the channel to the orders of one facility, by its
	// number. Default 0: all facilities.
	FacilityID int64
	// Observe, when set, is told of every HTTP request when its answer has
	// been read or has failed. It is called on the caller's goroutine and must
	// return quickly. Default: nobody is told.
	Observe func(context.Context, Exchange)
	// RecalculateCharges asks for the automatic charges to be computed anew
	// when an order is fulfilled. Default false: they stay as they are.
	RecalculateCharges bool
	// Timeout bounds one HTTP request, its answer's body included. A change
	// takes three requests, and one more when a token is fetched. Default
	// DefaultTimeout.
	Timeout time.Duration
	// TPL is the warehouse's GUID, for credentials that are valid for several
	// warehouses (the vendor calls them dynamic). Default none.
	TPL string
	// Transport sends the requests. Default: a transport of the Adapter's own,
	// with the proxy settings of the environment; Adapter.Close ends its idle
	// connections.
	Transport http.RoundTripper
	// UserLogin is the login that the warehouse assigned to the credentials.
	// Required.
	UserLogin string
}

// Exchange is one HTTP request and its answer, for metrics and traces.
type Exchange = overhttp.Exchange

// mistakes are those in what other systems do not have.
func (c Config) mistakes() overhttp.Mistakes {
	var all overhttp.Mistakes
	all.If(!overhttp.IsCredential(c.ClientID), "token", "the client id", "is empty, or holds space or characters that are not ASCII")
	// A colon would end the client id where the server splits the two.
	all.If(strings.Contains(c.ClientID, ":"), "token", "the client id", "holds a colon")
	all.If(!overhttp.IsCredential(c.ClientSecret), "token", "the client secret", "is empty, or holds space or characters that are not ASCII")
	all.If(!isLine(c.UserLogin), "options.user_login", "the user login", "is empty, padded, longer than 200 characters or spans lines")
	all.If(c.TPL != "" && !guid.MatchString(c.TPL), "options.tpl", "the TPL", "is not a GUID; leave it empty unless the credentials need one")
	all.If(c.CustomerID <= 0, "options.customer_id", "the customer id", "is not a number above 0")
	all.If(c.FacilityID < 0, "options.facility_id", "the facility id", "is below 0; use 0 for all facilities")
	return all
}

// isLine reports whether a text is one line that is neither empty nor padded.
func isLine(text string) bool {
	return text != "" && text == strings.TrimSpace(text) && len([]rune(text)) <= 200 && !strings.ContainsAny(text, "\r\n")
}
