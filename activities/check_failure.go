package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// CheckAttempts is how often a step of a check is made if it fails for a reason
// that may be gone in a moment. The last attempt says what it saw.
const CheckAttempts = 3

// The scopes of an API account as BigCommerce's control panel names them.
const (
	scopeOrders      = `"Orders: read-only"`
	scopeInformation = `"Information & Settings: read-only"`
)

// judge turns the error of a call into the result of a step. It returns the
// error itself when the call is worth repeating.
func judge(ctx context.Context, name string, err error) (CheckStep, error) {
	if errors.Is(err, context.Canceled) {
		return CheckStep{}, err
	}
	if passing(err) && activity.GetInfo(ctx).Attempt < CheckAttempts {
		return CheckStep{}, fail(err)
	}
	return judgeFinal(name, err), nil
}

// judgeFinal turns an error into the result of a step.
func judgeFinal(name string, err error) CheckStep {
	if store, ok := errors.AsType[*bigcommerce.Error](err); ok {
		return judgeStore(name, store)
	}
	if down, ok := errors.AsType[*downstream.Error](err); ok {
		detail := fmt.Sprintf("The downstream system did not take %q: %s%s.", down.Call,
			strings.ReplaceAll(string(down.Kind), "_", " "), because(down.StatusCode, down.Detail))
		return step(name, CheckFailed, detail, sentence(down.Advice))
	}
	switch {
	case errors.Is(err, channels.ErrUnknown):
		return step(name, CheckFailed, "There is no such sales channel.",
			"See `orderbridge channels list` for those that there are.")
	case errors.Is(err, seal.ErrCannotOpen):
		return step(name, CheckFailed, "A credential of the channel was sealed with a key that this installation does not have.",
			"Give the workers the key with which it was sealed, or enter the credential anew.")
	default:
		return step(name, CheckWarning, "It could not be checked: "+sentence(err.Error()),
			"Check again in a moment; if it lasts, look into the log of the worker.")
	}
}

// passing reports whether an error may be gone in a second or two. A quota that
// is used up is not: its window takes half a minute.
func passing(err error) bool {
	verdict := Classify(err)
	return verdict.Disposition == Retry || verdict.Disposition == RetryAfter && verdict.Delay <= time.Second
}

func judgeStore(name string, e *bigcommerce.Error) CheckStep {
	result := CheckFailed
	advice := sentence(e.Advice)
	switch e.Kind {
	case bigcommerce.Unauthorized:
		return step(name, CheckFailed, "BigCommerce does not accept the access token"+because(e.StatusCode, e.Title)+".",
			"The API account may have been deleted, or the store hash is another store's. Create an API account, and give "+
				"the channel its token: `orderbridge channels rotate-access-token`.")
	case bigcommerce.RateLimited:
		result = CheckWarning
		advice = "All apps of the store share the quota. Check again in a minute; if it lasts, find out which of them uses it up."
	case bigcommerce.Overloaded, bigcommerce.Locked:
		result = CheckWarning
	default:
	}
	return step(name, result, fmt.Sprintf("BigCommerce did not take %q: %s%s.", e.Call,
		strings.ReplaceAll(string(e.Kind), "_", " "), because(e.StatusCode, e.Title)), advice)
}

// because writes the status and the words of an answer in brackets, as far as
// there are any.
func because(status int, title string) string {
	title = strings.TrimRight(title, ". ")
	switch {
	case status != 0 && title != "":
		return fmt.Sprintf(" (HTTP %d: %s)", status, title)
	case status != 0:
		return fmt.Sprintf(" (HTTP %d)", status)
	case title != "":
		return " (" + title + ")"
	default:
		return ""
	}
}

// sentence makes a sentence of words that an error is made of.
func sentence(words string) string {
	words = strings.TrimSpace(words)
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + strings.TrimRight(words[1:], ". ") + "."
}
