package reconcilecmd

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"github.com/orderbridge/orderbridge/activities"
)

// display shows how far a search is.
type display interface {
	show(progress activities.ReconcileProgress)
	// close leaves the place to what comes next.
	close()
}

// newDisplay returns a bar on a terminal, and lines elsewhere.
func newDisplay(out io.Writer) display {
	if file, ok := out.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		return newBar(file)
	}
	return &lines{out: out}
}

// barSteps are the steps of a full bar.
const barSteps = 1000

type bar struct {
	bar *progressbar.ProgressBar
}

func newBar(out io.Writer) *bar {
	return &bar{bar: progressbar.NewOptions(barSteps,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription("searching"),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

func (b *bar) show(progress activities.ReconcileProgress) {
	b.bar.Describe(fmt.Sprintf("%d changes, %d without a webhook", progress.Listed, progress.Missed))
	// The full bar would clear itself while the search is still ending.
	_ = b.bar.Set(min(int(progress.Part()*barSteps), barSteps-1))
}

func (b *bar) close() { _ = b.bar.Finish() }

// lines print a line for each tenth.
type lines struct {
	out   io.Writer
	begun bool
	tenth int
}

func (l *lines) show(progress activities.ReconcileProgress) {
	if progress.Until.IsZero() || progress.Done {
		return
	}
	if !l.begun {
		l.begun = true
		_, _ = fmt.Fprintf(l.out, "searching from %s to %s\n", progress.From.Format(time.RFC3339), progress.Until.Format(time.RFC3339))
	}
	if tenth := int(progress.Part() * 10); tenth > l.tenth {
		l.tenth = tenth
		_, _ = fmt.Fprintf(l.out, "%d %%, at %s: %d changes, %d without a webhook\n",
			tenth*10, progress.At.Format(time.RFC3339), progress.Listed, progress.Missed)
	}
}

func (l *lines) close() {}
