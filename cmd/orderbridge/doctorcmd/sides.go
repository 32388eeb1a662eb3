package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// credentials opens all that is sealed of a channel.
func (p *patient) credentials(ctx context.Context, channel channels.Channel) Finding {
	if p.keeper == nil {
		return skipped("They can be opened only with keys that can be used.")
	}
	current := true
	for _, one := range []struct {
		what   string
		sealed seal.Sealed
	}{
		{"access token", channel.Store.AccessToken}, {"client secret", channel.Store.ClientSecret}, {"downstream token", channel.Downstream.Token},
	} {
		if _, err := p.keeper.Open(ctx, one.sealed); errors.Is(err, seal.ErrCannotOpen) {
			return failed(fmt.Sprintf("The %s was sealed with a key that is not among those of this command.", one.what),
				"Set ORDERBRIDGE_MASTER_KEY and ORDERBRIDGE_KEEPER_URL as the workers have them; if they have no other, set the key that it was "+
					"sealed with as a previous one, or enter the credential anew. docs/keys.md has the steps.")
		} else if err != nil {
			return failed(fmt.Sprintf("The %s cannot be opened now: %s", one.what, sentence(err.Error())), "See that this machine reaches the key service.")
		}
		if is, err := p.keeper.Current(ctx, one.sealed); err == nil {
			current = current && is
		}
	}
	if !current {
		return warning("They can be opened, but a previous key sealed them.", "Seal them with the present one: \"orderbridge channels rotate-key\".")
	}
	return ok("They can be opened.")
}

// store tries the access token, and compares the store's clock with ours.
func (p *patient) store(ctx context.Context, channel channels.Channel) Finding {
	store, err := p.connections.Store(ctx, channel)
	if err != nil {
		return judge(err)
	}
	asked := time.Now()
	at, err := store.Time(ctx)
	answered := time.Now()
	if err == nil {
		_, err = store.Orders(ctx, bigcommerce.OrdersQuery{Limit: 1, Sort: bigcommerce.SortNewestFirst})
	}
	if err != nil {
		return judge(err)
	}
	// It is told in whole seconds.
	if apart := max(asked.Sub(at.Add(time.Second)), at.Sub(answered), 0); apart > maxSkew {
		return warning(fmt.Sprintf("It accepts the access token. Its clock and that of this machine are %s apart.", apart.Round(time.Second)),
			"Let this machine keep its time by NTP.")
	}
	return ok("It accepts the access token, and lets orders be read.")
}

// orderSystem tries the downstream system, and whether it has the statuses that
// were selected.
func (p *patient) orderSystem(ctx context.Context, channel channels.Channel) Finding {
	adapter, err := p.connections.Downstream(ctx, channel)
	if err == nil {
		err = adapter.Probe(ctx)
	}
	var statuses []downstream.Status
	if err == nil {
		statuses, err = adapter.Statuses(ctx)
	}
	if err != nil {
		return judge(err)
	}
	if err := channel.Settings.ValidateStatuses(statuses); err != nil {
		return failed("It answers, but not all selected statuses can be used: "+sentence(strings.ReplaceAll(err.Error(), "\n", "; ")),
			fmt.Sprintf("Select others: \"orderbridge channels set %s\".", channel.ID))
	}
	return ok("It accepts the credentials, and knows %d statuses.", len(statuses))
}

// callbackOf looks where the callback address leads, as a check of the channel
// does, but from here.
func callbackOf(ctx context.Context, channel channels.Channel) Finding {
	acts := activities.New(activities.Dependencies{Directory: only{channel}})
	step, err := acts.CheckCallback(ctx, activities.CheckRequest{Channel: channel.ID})
	if err != nil {
		return failed(fmt.Sprintf("The address %s did not answer in time.", channel.CallbackURL), "See that the ingress runs, and that no firewall drops requests to it.")
	}
	return Finding{Result: step.Result, Detail: step.Detail, Advice: step.Advice}
}

// only is a directory of one channel.
type only struct{ channel channels.Channel }

func (o only) Channel(context.Context, string) (channels.Channel, error) { return o.channel, nil }

func (only) Forget(string) {}

// judge says what the error of a side means.
func judge(err error) Finding {
	if store, is := errors.AsType[*bigcommerce.Error](err); is {
		f := failed(fmt.Sprintf("BigCommerce did not take %q: %s%s.", store.Call, words(string(store.Kind)), because(store.StatusCode, store.Title)), sentence(store.Advice))
		switch store.Kind {
		case bigcommerce.Unauthorized:
			f.Advice = "The access token was revoked, or is another store's. Create an API account, and give the channel its token: " +
				"\"orderbridge channels rotate-access-token\"."
		case bigcommerce.Forbidden:
			f.Advice = "The API account lacks a scope, and its scopes cannot be changed: create one that has those of docs/channels.md, and give " +
				"the channel its token: \"orderbridge channels rotate-access-token\"."
		case bigcommerce.RateLimited, bigcommerce.Overloaded, bigcommerce.Locked:
			f.Result = activities.CheckWarning
		default:
		}
		return f
	}
	if system, is := errors.AsType[*downstream.Error](err); is {
		return failed(fmt.Sprintf("It did not take %q: %s%s.", system.Call, words(string(system.Kind)), because(system.StatusCode, system.Detail)), sentence(system.Advice))
	}
	return failed("It could not be tried: "+sentence(err.Error()), "Examine again; if it lasts, look into the log of the workers.")
}

func words(kind string) string { return strings.ReplaceAll(kind, "_", " ") }

// because puts what was answered into brackets, as far as there is anything.
func because(status int, says string) string {
	var parts []string
	if status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", status))
	}
	if says = strings.TrimRight(says, ". "); says != "" {
		parts = append(parts, says)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ": ") + ")"
}

// sentence makes a sentence of the words of an error: one line, with a capital
// letter and a full stop.
func sentence(text string) string {
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ". ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
