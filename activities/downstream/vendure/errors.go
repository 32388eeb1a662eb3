package vendure

import (
	"regexp"
	"slices"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Codes of errors that are told apart in more than one place.
const (
	codeForbidden    = "FORBIDDEN"
	codeNothing      = "EMPTY_ORDER_LINE_SELECTION_ERROR"
	codeUnauthorized = "UNAUTHORIZED"
)

// What a person can do about more than one failure.
const (
	adviseCredentials = "check the user name and the password, or the API key, and that the base URL is that of the Admin API"
	adviseFind        = "find the order by its number again"
	adviseLook        = "look at the order in Vendure"
	advisePermission  = "give the administrator, or the API key, a role with ReadOrder and UpdateOrder in Vendure's channel"
	adviseStock       = "correct the stock of the order's products in Vendure, and replay the webhook"
)

// errorMeaning maps the errors of a request. The first of them decides: a
// request has one operation. It is unknown whether a status that HTTP calls no
// success comes from Vendure, so that only the codes that say more than it go
// before it.
func (a *Adapter) errorMeaning(ans overhttp.Answer, errs []wireError) (overhttp.Meaning, bool) {
	code := errs[0].Extensions.Code
	switch code {
	case codeForbidden, codeUnauthorized:
		return overhttp.Meaning{Kind: downstream.Unauthorized, Detail: "the session, or the API key, is not accepted", Advice: adviseCredentials}, true
	case "GRAPHQL_VALIDATION_FAILED":
		return a.validationMeaning(errs), true
	case "CHANNEL_NOT_FOUND":
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "Vendure has no channel of this token", Advice: "correct the channel's option channel_token",
		}, true
	case "ENTITY_NOT_FOUND":
		return overhttp.Meaning{Kind: downstream.NotFound, Detail: "the order, or its fulfillment, is gone", Advice: adviseFind}, true
	}
	if !ans.OK() {
		return overhttp.Meaning{}, false
	}
	switch code {
	case "USER_INPUT_ERROR", "BAD_USER_INPUT", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED":
		return overhttp.Meaning{Kind: downstream.Invalid, Detail: "Vendure finds the request wrong" + quotable(code), Advice: overhttp.AdviseReport}, true
	case "ILLEGAL_OPERATION":
		return overhttp.Meaning{Kind: downstream.Refused, Detail: "Vendure forbids it" + quotable(code), Advice: adviseLook}, true
	case "", "INTERNAL_SERVER_ERROR":
		// Without a code it is what its database or a plug-in threw. The
		// mutation's transaction has been undone.
		return overhttp.Meaning{Kind: downstream.Unavailable, Detail: "Vendure failed", Advice: "try again; if it lasts, look into Vendure's log"}, true
	default:
		return overhttp.Meaning{Kind: downstream.Malformed, Detail: "the answer holds an error that this adapter does not know" + quotable(code), Advice: "look into Vendure's log"}, true
	}
}

// validationMeaning tells a schema without the custom field, or with one of
// another type, from one that is not that of the Admin API. The messages are
// those of graphql-js.
func (a *Adapter) validationMeaning(errs []wireError) overhttp.Meaning {
	says := func(words ...string) bool {
		return slices.ContainsFunc(errs, func(e wireError) bool {
			return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(e.Message, word) })
		})
	}
	switch {
	case says(`"OrderCustomFields"`, `"OrderFilterParameter"`, `"customFields"`):
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "orders have no custom field " + a.config.Field,
			Advice: "add the field to customFields.Order in the configuration of the server, with type string, or correct the channel's option field",
		}
	case says(`"$number"`, `ListOperators"`):
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "the custom field " + a.config.Field + " of orders is not of type string",
			Advice: "use a custom field of type string",
		}
	default:
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "the API does not know what it is asked for",
			Advice: "check that the base URL is that of Vendure's Admin API and not of its Shop API, and that Vendure is not older than this adapter",
		}
	}
}

// resultMeaning maps an error that a mutation answers in place of its result.
// What it says of the order's state is read from the order afterwards.
func resultMeaning(code string) overhttp.Meaning {
	switch code {
	case "INVALID_CREDENTIALS_ERROR":
		return overhttp.Meaning{Kind: downstream.Unauthorized, Detail: "the user name or the password is not accepted", Advice: adviseCredentials}
	case "NATIVE_AUTH_STRATEGY_ERROR":
		return overhttp.Meaning{Kind: downstream.Misconfigured, Detail: "this Vendure takes no passwords", Advice: "give the channel an API key"}
	case "ITEMS_ALREADY_FULFILLED_ERROR", "QUANTITY_TOO_GREAT_ERROR":
		return overhttp.Meaning{Kind: downstream.VersionConflict, Detail: "somebody else has fulfilled or cancelled a part", Advice: overhttp.AdviseReread}
	case "INSUFFICIENT_STOCK_ON_HAND_ERROR":
		return overhttp.Meaning{Kind: downstream.Refused, Detail: "Vendure has not enough stock of a product on hand", Advice: adviseStock}
	case "INVALID_FULFILLMENT_HANDLER_ERROR":
		return overhttp.Meaning{Kind: downstream.Misconfigured, Detail: "Vendure has no such fulfillment handler", Advice: "correct the channel's option fulfillment_handler"}
	case "CREATE_FULFILLMENT_ERROR":
		return overhttp.Meaning{Kind: downstream.Unavailable, Detail: "Vendure's fulfillment handler failed", Advice: "try again; if it lasts, look into Vendure's log"}
	default:
		return overhttp.Meaning{Kind: downstream.Refused, Detail: "Vendure does not accept it" + quotable(code), Advice: adviseLook}
	}
}

// word is a value of an enumeration: nothing else of an answer is repeated in
// errors.
var word = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,19}(_[A-Z0-9]{1,20}){0,7}$`)

// quotable returns " (WORD)" when text is a word, and otherwise nothing.
func quotable(text string) string {
	if word.MatchString(text) {
		return " (" + text + ")"
	}
	return ""
}

// gone is the error of an order that is not there any more.
func (a *Adapter) gone(c overhttp.Call, detail string) error {
	return a.client.Fail(c, downstream.NotFound, detail, adviseFind)
}
