package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func (c *commands) newRotateKey() *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use: "rotate-key [ID…]", Short: "Seal the credentials of sales channels with the present key",
		Long: `Seal the credentials of sales channels with the present key, after that of the
installation was changed. Until then, the previous key has to stay configured, in
every process and for this command: docs/keys.md has the whole procedure.

Credentials that are sealed with the present key are left as they are, so it can
be repeated until nothing is left to do. Neither side is asked. With --all, a
channel that is being removed is left out.

One that fails does not keep the others from it: the exit status is 1 then, and
those that failed are listed at the end.`,
		Example: `  orderbridge channels rotate-key --all`,
		Args: func(_ *cobra.Command, args []string) error {
			switch named := len(args) > 0; {
			case all && named:
				return errors.New("name the channels or give --all, not both")
			case !all && !named:
				return errors.New("name the channels, or give --all")
			default:
				return nil
			}
		},
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "seal those of every channel")
	cmd.RunE = c.run(manyTimeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		if all {
			views, err := s.Operator.List(ctx)
			if err != nil {
				return err
			}
			for _, view := range views {
				args = append(args, view.ID)
			}
		}
		return reseal(ctx, args, cmd.OutOrStdout(), *asJSON, func(id string) resealed {
			return resealOne(ctx, s, cmd.ErrOrStderr(), id, all)
		})
	})
	return cmd
}

// resealed is what rotate-key prints of a channel as JSON.
type resealed struct {
	Channel string   `json:"channel"`
	Changed []string `json:"changed"`
	// Skipped says why the channel was left out.
	Skipped string `json:"skipped,omitempty"`
	Error   string `json:"error,omitempty"`

	err error
}

// text says what became of a channel.
func (r resealed) text() string {
	switch {
	case r.Skipped != "":
		return "left out: " + r.Skipped
	case r.err != nil:
		return "failed: see below"
	case len(r.Changed) > 0:
		return "sealed anew: " + strings.Join(r.Changed, ", ")
	default:
		return "sealed with the present key already"
	}
}

// reseal seals the credentials of channels, with a call of one for each. One that
// cannot be done does not keep the others from it.
func reseal(ctx context.Context, ids []string, out io.Writer, asJSON bool, one func(id string) resealed) error {
	results := make([]resealed, 0, len(ids))
	var errs []error
	for _, id := range ids {
		if ctx.Err() != nil {
			errs = append(errs, fmt.Errorf("channel %s: not tried: %w", id, ctx.Err()))
			continue
		}
		result := one(id)
		if result.err != nil {
			errs = append(errs, result.err)
		}
		results = append(results, result)
		if asJSON {
			continue
		}
		if _, err := fmt.Fprintf(out, "channel %s: %s\n", id, result.text()); err != nil {
			return err
		}
	}
	if asJSON {
		if err := printJSON(out, results); err != nil {
			return err
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s could not be sealed anew:\n%w", len(errs), count(len(ids), "channel"), errors.Join(errs...))
}

// resealOne seals the credentials of a channel. With leaveOut, one that is being
// removed, or is gone meanwhile, is no failure: nobody needs its credentials.
func resealOne(ctx context.Context, s *session.Session, errOut io.Writer, id string, leaveOut bool) resealed {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result := resealed{Channel: id}
	err := sealing(id).Do(ctx, errOut, func(ctx context.Context) (err error) {
		result.Changed, err = s.Operator.Reseal(ctx, s.By, id)
		return err
	})
	result.Changed = list(result.Changed)
	switch {
	case err == nil:
	case leaveOut && (operator.IsKind(err, operator.KindRemoving) || errors.Is(err, channels.ErrUnknown)):
		result.Skipped = "it is being removed"
	default:
		result.err, result.Error = err, err.Error()
	}
	return result
}
