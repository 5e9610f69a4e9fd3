package nri

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
)

// logger has the library log as we do: what it tells of a connection that is well is detail.
type logger struct{ to logr.Logger }

func (l logger) Debugf(_ context.Context, format string, args ...any) {
	l.to.V(2).Info(fmt.Sprintf(format, args...))
}

func (l logger) Infof(_ context.Context, format string, args ...any) {
	l.to.V(2).Info(fmt.Sprintf(format, args...))
}

func (l logger) Warnf(_ context.Context, format string, args ...any) {
	l.to.V(1).Info(fmt.Sprintf(format, args...))
}

func (l logger) Errorf(_ context.Context, format string, args ...any) {
	l.to.Info(fmt.Sprintf(format, args...))
}
