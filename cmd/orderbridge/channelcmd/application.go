package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd/channelfile"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// application makes the channels of a file real.
type application struct {
	session *session.Session
	file    string
	entries []channelfile.Entry
	out     io.Writer
	errOut  io.Writer
	results []applied
}

// plan finds out what differs, and says so. It changes nothing.
func (a *application) plan(ctx context.Context) error {
	var errs []error
	for _, entry := range a.entries {
		plan, err := a.session.Operator.Plan(ctx, entry.Channel, entry.Secrets)
		result := applied{Plan: plan}
		id := entry.Channel.ID
		var text string
		switch {
		case err != nil:
			result.Plan, result.Action = operator.Plan{Channel: id}, actionNone
			errs = append(errs, a.fail(&result, entry, err))
		case plan.Nothing():
			result.Action = actionNone
			text = fmt.Sprintf("channel %s: nothing to change (revision %d)\n", id, plan.Revision)
		case !plan.Exists:
			result.Action = actionAdd
			text = fmt.Sprintf("channel %s: new\n%s", id, describeChanges(plan.Changes))
		default:
			result.Action = actionChange
			text = fmt.Sprintf("channel %s: %s (revision %d)\n%s", id, count(len(plan.Changes), "change"), plan.Revision, describeChanges(plan.Changes))
		}
		result.Changes = list(result.Changes)
		a.results = append(a.results, result)
		if _, err := io.WriteString(a.out, text); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// pending counts the channels that are to be saved.
func (a *application) pending() int {
	n := 0
	for _, result := range a.results {
		if result.Action != actionNone {
			n++
		}
	}
	return n
}

// save saves what was planned, each channel on top of the revision that its
// difference was shown for. One that fails does not keep the others from it.
func (a *application) save(ctx context.Context) error {
	var errs []error
	for i, entry := range a.entries {
		result := &a.results[i]
		if result.Action == actionNone {
			continue
		}
		if err := a.saveOne(ctx, entry, result); err != nil {
			errs = append(errs, a.fail(result, entry, err))
			continue
		}
		_, err := fmt.Fprintf(a.out, "channel %s: saved as revision %d; %s\n",
			entry.Channel.ID, result.Result.Revision, strings.TrimPrefix(subscribed(entry.Channel, *result.Result), "saved, "))
		if err != nil {
			return err
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s could not be saved:\n%w", len(errs), count(a.pending(), "channel"), errors.Join(errs...))
}

func (a *application) saveOne(ctx context.Context, entry channelfile.Entry, result *applied) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return saving(entry.Channel.ID).Do(ctx, a.errOut, func(ctx context.Context) error {
		saved, err := a.session.Operator.Save(ctx, a.session.By, entry.Channel, entry.Secrets, &result.Revision)
		if err == nil {
			saved = withLists(saved)
			result.Result = &saved
		}
		return err
	})
}

// fail notes why a channel could not be done, and returns that with the places
// in the file.
func (a *application) fail(result *applied, entry channelfile.Entry, err error) error {
	failure, ok := errors.AsType[*operator.Error](err)
	if !ok {
		return err
	}
	result.Error = failure
	if len(failure.Fields) == 0 {
		return err
	}
	problems := make([]error, 0, len(failure.Fields))
	for _, field := range failure.Fields {
		problems = append(problems, channelfile.ProblemError{
			File: a.file, Position: entry.Where(field.Field),
			Message: fmt.Sprintf("channel %s: %s: %s", entry.Channel.ID, field.Field, field.Message),
		})
	}
	return errors.Join(problems...)
}
