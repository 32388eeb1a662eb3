package operator

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// Secrets are the credentials of a channel in the clear, on their way to be
// sealed. Nil keeps what the channel has; "" removes it, which only the client
// secret can bear.
type Secrets struct {
	// AccessToken is the token of the store's API account.
	AccessToken *string
	// ClientSecret is the client secret of that account.
	ClientSecret *string
	// DownstreamToken is the token of the downstream system.
	DownstreamToken *string
}

// String implements fmt.Stringer without giving anything away.
func (Secrets) String() string { return "[secrets]" }

// GoString implements fmt.GoStringer without giving anything away.
func (Secrets) GoString() string { return "operator.Secrets([secrets])" }

// Plan is what a save would change.
type Plan struct {
	// Channel is the id of the channel.
	Channel string `json:"channel"`
	// Exists is false for a channel that the save would add.
	Exists bool `json:"exists"`
	// Revision is what the channel is at; 0 if it does not exist.
	Revision int `json:"revision"`
	// Changes is the difference; for a new channel, the one to a channel that
	// has nothing but defaults. Secrets are compared, and never shown.
	Changes []channels.FieldChange `json:"changes"`
}

// Nothing reports whether the channel is as it should be already.
func (p Plan) Nothing() bool { return p.Exists && len(p.Changes) == 0 }

// Plan returns what Save would change, and changes nothing. It fails as Save
// does for settings that are wrong, but asks neither side.
func (s *Service) Plan(ctx context.Context, channel channels.Channel, secrets Secrets) (Plan, error) {
	next, current, err := s.resolve(ctx, channel, secrets, nil)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Channel: channel.ID, Exists: current.Revision > 0, Revision: current.Revision}
	if !plan.Exists {
		current = channels.Channel{ID: channel.ID}
	}
	current.Settings = current.Settings.WithDefaults()
	plan.Changes = channels.Diff(current, next)
	return plan, nil
}

// attempts is how often a save that expects no revision is begun anew because
// somebody else saved between reading and saving.
const attempts = 3

// Save makes a channel be as given: it adds the channel if there is none with
// its id, and otherwise changes it. The credentials come from secrets alone,
// whatever the channel holds; one that equals the one that is kept stays sealed
// as it is, so that saving the same again changes nothing. Expected, if set, is
// the revision that the change is made on: 0 for a channel that must not exist
// yet. By names the person, for the edit history.
//
// It fails with KindConflict, KindInvalid, KindStoreProbe, KindDownstreamProbe,
// KindConnectionTaken or KindUnavailable, and then, but for the last, nothing
// was changed. A worker must be running.
func (s *Service) Save(
	ctx context.Context, by string, channel channels.Channel, secrets Secrets, expected *int,
) (channels.SaveResult, error) {
	for attempt := 1; ; attempt++ {
		next, current, err := s.resolve(ctx, channel, secrets, expected)
		if err != nil {
			return channels.SaveResult{}, err
		}
		result, err := s.save(ctx, by, next, current.Revision)
		if IsKind(err, KindConflict) && expected == nil && attempt < attempts {
			continue
		}
		return result, err
	}
}

// SetActive activates or deactivates a channel and changes nothing else of it.
func (s *Service) SetActive(ctx context.Context, by, id string, active bool) (channels.SaveResult, error) {
	for attempt := 1; ; attempt++ {
		channel, err := s.Channel(ctx, id)
		if err != nil {
			return channels.SaveResult{}, err
		}
		channel.Active = active
		result, err := s.save(ctx, by, channel, channel.Revision)
		if IsKind(err, KindConflict) && attempt < attempts {
			continue
		}
		return result, err
	}
}

// save saves a channel whose credentials are sealed, on top of a revision.
func (s *Service) save(ctx context.Context, by string, channel channels.Channel, revision int) (channels.SaveResult, error) {
	result, err := channels.Save(ctx, s.temporal, channels.TaskQueue, channels.SaveRequest{By: by, Channel: channel, Expected: &revision})
	return result, explain(channel.ID, err)
}

// resolve returns the channel as it is to be, complete with credentials and
// valid as far as that can be told here, and as it is.
func (s *Service) resolve(
	ctx context.Context, channel channels.Channel, secrets Secrets, expected *int,
) (next, current channels.Channel, err error) {
	if channels.ValidID(channel.ID) {
		current, err = s.Channel(ctx, channel.ID)
		if err != nil && !errors.Is(err, channels.ErrUnknown) {
			return next, current, err
		}
	}
	if expected != nil && *expected != current.Revision {
		return next, current, conflict(channel.ID, *expected, current.Revision)
	}
	next = channel
	next.Settings = next.Settings.WithDefaults()
	for _, secret := range []struct {
		given *string
		kept  seal.Sealed
		next  *seal.Sealed
	}{
		{secrets.AccessToken, current.Store.AccessToken, &next.Store.AccessToken},
		{secrets.ClientSecret, current.Store.ClientSecret, &next.Store.ClientSecret},
		{secrets.DownstreamToken, current.Downstream.Token, &next.Downstream.Token},
	} {
		if *secret.next, err = s.seal(ctx, secret.given, secret.kept); err != nil {
			return next, current, &Error{
				Kind: KindUnavailable, cause: err,
				Message: fmt.Sprintf("channel %s: the credentials cannot be sealed: check ORDERBRIDGE_KEEPER_URL and that what it names answers", channel.ID),
			}
		}
	}
	problems := append(Problems(next.Validate()), moved(current, next, secrets)...)
	for _, problem := range next.Downstream.Check(s.drivers) {
		problems = append(problems, FieldError{Field: problem.Field, Message: problem.Message})
	}
	if len(problems) > 0 {
		return next, current, invalid(channel.ID, nil, problems...)
	}
	return next, current, nil
}

// seal seals a credential, unless it is the one that is kept already: two
// sealings of one secret differ, and would look like a change.
func (s *Service) seal(ctx context.Context, given *string, kept seal.Sealed) (seal.Sealed, error) {
	if given == nil {
		return kept, nil
	}
	if len(kept) > 0 && *given != "" {
		// One that cannot be opened any more is simply replaced.
		if plain, err := s.keeper.Open(ctx, kept); err == nil && plain == *given {
			return kept, nil
		}
	}
	return s.keeper.Seal(ctx, *given)
}

// moved refuses to send a token that is kept to another place than it was given
// for: whoever may change an address could otherwise have it sent to himself.
func moved(current, next channels.Channel, secrets Secrets) []FieldError {
	if current.Revision == 0 {
		return nil
	}
	var fields []FieldError
	const message = "must be given again: %s has another host, and a token is sent only to where it was given for"
	if secrets.AccessToken == nil && origin(current.Store.BaseURL) != origin(next.Store.BaseURL) {
		fields = append(fields, FieldError{Field: "store.access_token", Message: fmt.Sprintf(message, "store.base_url")})
	}
	switch was, is := current.Downstream, next.Downstream; {
	case secrets.DownstreamToken != nil:
	case was.Adapter != is.Adapter:
		fields = append(fields, FieldError{
			Field: "downstream.token", Message: "must be given again: downstream.adapter is another, and a token is sent only to what it was given for",
		})
	case origin(was.BaseURL) != origin(is.BaseURL):
		fields = append(fields, FieldError{Field: "downstream.token", Message: fmt.Sprintf(message, "downstream.base_url")})
	}
	return fields
}

// origin returns the part of an address that says who listens there.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// conflict says why a change that was made on another revision is refused.
func conflict(id string, expected, revision int) *Error {
	e := &Error{Kind: KindConflict}
	switch {
	case revision == 0:
		return unknown(id, nil)
	case expected == 0:
		e.Message = fmt.Sprintf("there is a channel %s already (revision %d): change it, or choose another id", id, revision)
	default:
		e.Message = fmt.Sprintf("channel %s was changed meanwhile: it is at revision %d, not %d; read it again", id, revision, expected)
	}
	return e
}
