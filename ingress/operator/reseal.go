package operator

import (
	"context"
	"errors"
	"fmt"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// Reseal seals the credentials of a channel with the present key of this
// process, which must have the keys that they are sealed with among its
// previous ones, and returns the names of the fields that were not sealed with
// it yet, for example "store.access_token". Nothing else of the channel changes,
// and where everything is sealed with the present key already, nothing is saved.
// Neither side is asked: keys can be changed while a store is out of reach.
//
// Workers must be able to open what it saves: give them the new key first. It
// fails with KindUnknownChannel, with KindFailed for a credential that no key of
// this process opens, with KindUnavailable when a key service, Temporal or a
// worker is out of reach, and otherwise as Save does; then nothing was changed,
// but for a Temporal that did not answer in time.
func (s *Service) Reseal(ctx context.Context, by, id string) (changed []string, err error) {
	for attempt := 1; ; attempt++ {
		changed, err = s.resealOnce(ctx, by, id)
		if IsKind(err, KindConflict) && attempt < attempts {
			continue
		}
		return changed, err
	}
}

func (s *Service) resealOnce(ctx context.Context, by, id string) ([]string, error) {
	channel, err := s.Channel(ctx, id)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, credential := range []struct {
		field  string
		sealed *seal.Sealed
	}{
		{"store.access_token", &channel.Store.AccessToken},
		{"store.client_secret", &channel.Store.ClientSecret},
		{"downstream.token", &channel.Downstream.Token},
	} {
		resealed, err := s.keeper.Reseal(ctx, *credential.sealed)
		if err != nil {
			return nil, explainSeal(id, credential.field, err)
		}
		if resealed != nil {
			*credential.sealed = resealed
			changed = append(changed, credential.field)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	_, err = channels.Save(ctx, s.temporal, channels.TaskQueue, channels.SaveRequest{
		By: by, Channel: channel, Expected: &channel.Revision, Resealed: true,
	})
	if err != nil {
		return nil, explain(id, err)
	}
	return changed, nil
}

// explainSeal says what is the matter with a credential that cannot be opened,
// or not sealed.
func explainSeal(id, field string, err error) error {
	e := &Error{Message: fmt.Sprintf("channel %s: %s: %v", id, field, err), cause: err}
	switch {
	case errors.Is(err, seal.ErrCannotOpen):
		e.Kind = KindFailed
		e.Fields = []FieldError{{Field: field, Message: seal.ErrCannotOpen.Error()}}
	case errors.Is(err, seal.ErrUnavailable):
		e.Kind = KindUnavailable
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind = KindUnavailable
	default:
		e.Kind = KindFailed
	}
	return e
}
