package vendure

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Defaults of Config.
const (
	// DefaultField is the custom field of orders for the channel order number.
	DefaultField = "channelOrderNumber"
	// DefaultFulfillmentHandler comes with Vendure and tells nobody of a
	// fulfillment.
	DefaultFulfillmentHandler = "manual-fulfillment"
	// DefaultTimeout is how long one HTTP request may take.
	DefaultTimeout = overhttp.DefaultTimeout

	// FieldCode is the Field that stands for Vendure's own order code.
	FieldCode = "code"
)

// Config says which Vendure an Adapter talks to, and how.
type Config struct {
	// AllowInsecure permits http:// to hosts other than the loopback. The
	// credentials then cross the network in the clear. Default false.
	AllowInsecure bool
	// APIKey is a key that Vendure made. A secret: it appears in no error.
	// Required unless there are Username and Password.
	APIKey string
	// BaseURL is the address of the Admin API: https, or http to the loopback,
	// without user, query and fragment. Required.
	BaseURL string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// ChannelToken is the token of one of Vendure's own channels, whose orders
	// alone are looked at. It is no secret: storefronts send it. Default: none,
	// which is Vendure's default channel.
	ChannelToken string
	// Field is the custom field of orders, of type string, that holds the
	// channel order number, or FieldCode. Default DefaultField.
	Field string
	// FulfillmentHandler is the code of the handler that makes fulfillments. It
	// is given the arguments "method" and "trackingCode". Default
	// DefaultFulfillmentHandler.
	FulfillmentHandler string
	// Observe, when set, is told of every HTTP request when its answer has
	// been read or has failed. It is called on the caller's goroutine and must
	// return quickly. Default: nobody is told.
	Observe func(context.Context, overhttp.Exchange)
	// Password is that of Username. A secret. Default: none.
	Password string
	// Timeout bounds one HTTP request, its answer's body included. A change
	// takes up to four requests. Default DefaultTimeout.
	Timeout time.Duration
	// Transport sends the requests. Default: a transport of the Adapter's own,
	// with the proxy settings of the environment; Adapter.Close ends its idle
	// connections.
	Transport http.RoundTripper
	// Username is what an administrator logs in with, as a rule an e-mail
	// address. Default: none.
	Username string
}

// withDefaults returns a copy in which what was left out has its default.
func (c Config) withDefaults() Config {
	c.Field = cmp.Or(c.Field, DefaultField)
	c.FulfillmentHandler = cmp.Or(c.FulfillmentHandler, DefaultFulfillmentHandler)
	return c
}

// fieldName is a name of GraphQL. It is made part of queries.
var fieldName = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z]{0,99}$`)

// mistakes are those in the fields that only this adapter has.
func (c Config) mistakes() overhttp.Mistakes {
	var wrong overhttp.Mistakes
	key, user := c.APIKey != "", c.Username != "" || c.Password != ""
	wrong.If(!key && !user, "token", "the password, or the API key,", "is empty")
	wrong.If(key && user, "token", "the API key", "is not needed beside a user name and a password")
	wrong.If(key && !overhttp.IsCredential(c.APIKey), "token", "the API key", "has a character that no API key has")
	wrong.If(user && c.Password == "", "token", "the password", "is empty")
	wrong.If(user && (c.Username == "" || c.Username != strings.TrimSpace(c.Username)),
		"options.username", "the user name", "is empty or padded")
	wrong.If(c.ChannelToken != "" && !overhttp.IsCredential(c.ChannelToken),
		"options.channel_token", "the channel token", "has a character that no token has")
	wrong.If(!fieldName.MatchString(c.Field), "options.field", "the field",
		"is not the name of a custom field, such as "+DefaultField)
	wrong.If(!overhttp.IsCredential(c.FulfillmentHandler), "options.fulfillment_handler", "the fulfillment handler",
		"is not the code of a handler, such as "+DefaultFulfillmentHandler)
	return wrong
}
