package operator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// Kind says what kind of failure an Error is.
type Kind string

const (
	// KindUnknownChannel: there is no channel with this id. The error wraps
	// channels.ErrUnknown.
	KindUnknownChannel Kind = "unknown_channel"
	// KindConflict: the channel is at another revision than was expected.
	KindConflict Kind = "conflict"
	// KindInvalid: the settings are wrong. Fields says which.
	KindInvalid Kind = "invalid"
	// KindStoreProbe: BigCommerce cannot be used with these settings.
	KindStoreProbe Kind = "store_probe_failed"
	// KindDownstreamProbe: the downstream system cannot be used with them.
	KindDownstreamProbe Kind = "downstream_probe_failed"
	// KindConnectionTaken: another channel has this store and this downstream
	// account.
	KindConnectionTaken Kind = "connection_taken"
	// KindRemoving: the channel is being removed.
	KindRemoving Kind = "being_removed"
	// KindNotRemoved: something of a channel would stay behind in the store,
	// so it was not removed.
	KindNotRemoved Kind = "not_removed"
	// KindFailed: one of the two sides, or a credential, made it impossible;
	// the message says which and why.
	KindFailed Kind = "failed"
	// KindUnavailable: Temporal or a worker is out of reach. What was asked
	// for may still happen.
	KindUnavailable Kind = "unavailable"
	// KindInternal: anything else. The message does not say what; the wrapped
	// error does, and belongs in a log.
	KindInternal Kind = "internal"
)

// Error is a failure that can be shown to a person or to a client of the API:
// its text holds no secret and nothing of the insides. The error that it wraps
// is for logs.
type Error struct {
	// Kind is what kind of failure it is.
	Kind Kind `json:"kind"`
	// Message says in a sentence what failed and what to do.
	Message string `json:"message"`
	// Fields says what is wrong with single fields, if that is known.
	Fields []FieldError `json:"fields,omitempty"`

	cause error
}

// FieldError is what is wrong with one field.
type FieldError struct {
	// Field is the name of the field, for example "settings.cancel_on", or
	// "store" or "downstream" for the whole of one side.
	Field string `json:"field"`
	// Message says what is wrong with it.
	Message string `json:"message"`
}

// Error implements error. Fields that the message does not speak of follow it,
// one a line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for _, field := range e.Fields {
		if !strings.Contains(e.Message, field.Message) {
			b.WriteString("\n  " + field.Field + " " + field.Message)
		}
	}
	return b.String()
}

// Unwrap returns what is behind it.
func (e *Error) Unwrap() error { return e.cause }

// IsKind reports whether err is an Error of this kind.
func IsKind(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}

// invalid returns the error for a channel that cannot be as it is wished.
func invalid(id string, cause error, fields ...FieldError) *Error {
	return &Error{Kind: KindInvalid, Message: fmt.Sprintf("channel %s: these settings cannot be used", id), Fields: fields, cause: cause}
}

func unknown(id string, cause error) *Error {
	return &Error{Kind: KindUnknownChannel, Message: fmt.Sprintf("channel %s: %v", id, channels.ErrUnknown), cause: errors.Join(channels.ErrUnknown, cause)}
}

// Problems returns the mistakes in fields that a validation of this module found,
// for example channels.Channel.Validate; none for another error.
func Problems(err error) []FieldError {
	if problem, ok := err.(channels.ProblemError); ok { //nolint:errorlint // this walks the tree itself
		return []FieldError{{Field: problem.Field, Message: problem.Message}}
	}
	var fields []FieldError
	switch wrapper := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			fields = append(fields, Problems(inner)...)
		}
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			return Problems(inner)
		}
	}
	return fields
}

// explain turns what went wrong with a channel, or with "" for no certain one,
// into an *Error. It passes on nil, an *Error, and the end of a context that
// somebody cancelled.
func explain(id string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, channels.ErrUnknown) {
		return unknown(id, err)
	}
	if fields := Problems(err); len(fields) > 0 {
		return invalid(id, err, fields...)
	}
	if e := explainApplication(id, err); e != nil {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	// gRPC has an error of its own for that.
	if _, ok := errors.AsType[*serviceerror.Canceled](err); ok {
		return fmt.Errorf("%w: %w", context.Canceled, err)
	}
	return explainTemporal(id, err)
}

// explainRead is explain for a question to the workflow of a channel, which
// changes nothing and which a worker answers without asking either side.
func explainRead(id string, err error) error {
	if err == nil || !timedOut(err) {
		return explain(id, err)
	}
	const message = "no worker answers: start one (\"orderbridge serve\" or \"orderbridge worker\")"
	return &Error{Kind: KindUnavailable, Message: prefixed(id, message), cause: err}
}

// kinds are the failures that workflows and activities name by a type.
var kinds = map[string]Kind{
	activities.ErrTypeStoreProbe:            KindStoreProbe,
	activities.ErrTypeDownstreamProbe:       KindDownstreamProbe,
	activities.ErrTypeInvalidSettings:       KindInvalid,
	activities.ErrTypeConnectionTaken:       KindConnectionTaken,
	workflows.ErrTypeRevisionConflict:       KindConflict,
	workflows.ErrTypeRemoving:               KindRemoving,
	workflows.ErrTypeNotRemoved:             KindNotRemoved,
	string(activities.ReasonUnknownChannel): KindUnknownChannel,
}

// shown are the failures whose text is made by Orderbridge and for people.
var shown = []activities.Reason{
	activities.ReasonStoreCredentials, activities.ReasonStorePermission, activities.ReasonStoreRefused,
	activities.ReasonStoreRateLimited, activities.ReasonStoreUnavailable, activities.ReasonStoreMalformed,
	activities.ReasonDownstreamCredentials, activities.ReasonDownstreamPermission, activities.ReasonDownstreamRefused,
	activities.ReasonDownstreamRateLimited, activities.ReasonDownstreamUnavailable, activities.ReasonDownstreamMalformed,
	activities.ReasonDownstreamMisconfigured, activities.ReasonSealed, activities.ReasonKeeperUnavailable,
}

// explainApplication explains a failure of a workflow or an activity; nil if it
// is none that has a meaning here.
func explainApplication(id string, err error) error {
	for app, ok := errors.AsType[*temporal.ApplicationError](err); ok; app, ok = errors.AsType[*temporal.ApplicationError](app.Unwrap()) {
		message := prefixed(id, app.Message())
		kind, known := kinds[app.Type()]
		switch {
		case kind == KindUnknownChannel:
			return unknown(id, err)
		case kind == KindInvalid:
			return refusedSettings(id, app.Message(), err)
		case kind == KindStoreProbe:
			return &Error{Kind: kind, Message: message, Fields: []FieldError{{Field: "store", Message: app.Message()}}, cause: err}
		case kind == KindDownstreamProbe:
			return &Error{Kind: kind, Message: message, Fields: []FieldError{{Field: "downstream", Message: app.Message()}}, cause: err}
		case known:
			return &Error{Kind: kind, Message: message, cause: err}
		case slices.Contains(shown, activities.Reason(app.Type())):
			return &Error{Kind: KindFailed, Message: message, cause: err}
		}
		// The refusal of an update's validator has no type of its own.
		if fields, rest := fieldsIn(app.Message()); len(fields) > 0 && rest == "" {
			return invalid(id, err, fields...)
		}
	}
	return nil
}

// refusedSettings explains a refusal that may have several reasons, one a line.
func refusedSettings(id, message string, err error) *Error {
	fields, rest := fieldsIn(message)
	e := invalid(id, err, fields...)
	if rest != "" {
		e.Message += ": " + rest
	}
	return e
}

// Both are lines of a refusal: the first names a field, the second is that of
// a probe as it reads when it is joined with others.
var (
	fieldLine = regexp.MustCompile(`^(?:channel [a-z0-9-]+: )?((?:store|downstream|settings)\.[a-z_.]+|id|callback_url|by) (.+)$`)
	probeLine = regexp.MustCompile(`^(.*) \(type: ([a-z_]+), retryable: false\)$`)
)

// fieldsIn reads the mistakes in a refusal, and returns what else it says.
func fieldsIn(message string) (fields []FieldError, rest string) {
	var others []string
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		side := ""
		if match := probeLine.FindStringSubmatch(line); match != nil {
			line = match[1]
			switch match[2] {
			case activities.ErrTypeStoreProbe:
				side = "store"
			case activities.ErrTypeDownstreamProbe:
				side = "downstream"
			}
		}
		match := fieldLine.FindStringSubmatch(line)
		switch {
		case side != "":
			fields = append(fields, FieldError{Field: side, Message: line})
		case match != nil:
			fields = append(fields, FieldError{Field: match[1], Message: match[2]})
		case line != "":
			others = append(others, line)
		}
	}
	return fields, strings.Join(others, "; ")
}

// explainTemporal explains why Temporal, or the worker behind it, did not do
// what it was asked for. What gRPC says is left out.
func explainTemporal(id string, err error) error {
	unavailable := func(message string) error {
		return &Error{Kind: KindUnavailable, Message: prefixed(id, message), cause: err}
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return unknown(id, err)
	}
	if _, ok := errors.AsType[*serviceerror.Unavailable](err); ok {
		return unavailable("Temporal does not answer: check TEMPORAL_ADDRESS and that the server runs")
	}
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return unavailable("the Temporal namespace does not exist: check TEMPORAL_NAMESPACE")
	}
	if _, ok := errors.AsType[*serviceerror.PermissionDenied](err); ok {
		return unavailable("Temporal does not let us: check its credentials")
	}
	if _, ok := errors.AsType[*serviceerror.ResourceExhausted](err); ok {
		return unavailable("Temporal is overloaded: try again in a moment")
	}
	if timedOut(err) {
		return unavailable("there was no answer in time: a worker must be running, and both sides must be in reach; " +
			"what was asked for may still happen")
	}
	const internal = "something unexpected went wrong: the log of this process and the Temporal Web UI say what"
	return &Error{Kind: KindInternal, Message: prefixed(id, internal), cause: err}
}

// timedOut reports whether nobody answered in time. A query that no worker
// polls for is refused in one of several ways.
func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || temporal.IsTimeoutError(err) {
		return true
	}
	_, deadline := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, update := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	_, precondition := errors.AsType[*serviceerror.FailedPrecondition](err)
	_, notReady := errors.AsType[*serviceerror.WorkflowNotReady](err)
	return deadline || update || precondition || notReady
}

// prefixed makes a message name its channel, once.
func prefixed(id, message string) string {
	if id == "" || strings.HasPrefix(message, "channel "+id+" ") || strings.HasPrefix(message, "channel "+id+":") {
		return message
	}
	return "channel " + id + ": " + message
}
