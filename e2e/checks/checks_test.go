package checks

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestFailingCheckIsReportedAndTheRestStillRun(t *testing.T) {
	var out bytes.Buffer
	results := Run(context.Background(), []Check{
		{Name: "a fails", Run: "echo why; false | true"},
		{Name: "b passes", Run: "true"},
	}, &out, true)
	if failed := Table(&out, results); failed != 1 {
		t.Fatalf("%d checks failed, want 1 (a pipe's failure counts):\n%s", failed, out.String())
	}
	for _, want := range []string{"FAIL  a fails", "PASS  b passes", "why", "1 passed, 1 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestWhatAFailingTestSaidIsShownHoweverMuchFollows(t *testing.T) {
	var out bytes.Buffer
	Run(context.Background(), []Check{{Name: "tests", Run: `echo "=== RUN   TestA"; echo "why it fails"; echo "--- FAIL: TestA (0.1s)"
		echo "=== RUN   TestB"; echo "all is" well; echo "--- PASS: TestB (0.1s)"; seq 100; exit 1`}}, &out, true)
	if s := out.String(); !strings.Contains(s, "why it fails") || !strings.Contains(s, "--- FAIL: TestA") || strings.Contains(s, "all is well") {
		t.Errorf("the report is\n%s", s)
	}
}

// meets waits for a neighbour that must run at the same time.
func meets(own, other string) string {
	return "echo " + own + " begins; touch " + own + "; for i in {1..1000}; do [ -e " + other + " ] && break; sleep 0.01; done; [ -e " + other + " ]; echo " +
		own + " ends; touch " + own + ".ended"
}

func TestNeighboursThatBootGuestsRunTwoAtATimeAndWhatEachSaysStaysTogether(t *testing.T) {
	t.Chdir(t.TempDir())
	var out bytes.Buffer
	results := Run(context.Background(), []Check{
		{Name: "first", Run: meets("a", "b"), Guest: true},
		{Name: "second", Run: meets("b", "a"), Guest: true},
		{Name: "third, when one has ended", Run: "[ -e a.ended ] || [ -e b.ended ]; touch c.ended", Guest: true},
		{Name: "no guest, when all have", Run: "[ -e a.ended ]; [ -e b.ended ]; [ -e c.ended ]"},
	}, &out, false)
	if failed := Table(&out, results); failed != 0 {
		t.Errorf("%d failed", failed)
	}
	for _, want := range []string{"=== first\na begins\na ends\n", "=== second\nb begins\nb ends\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestEveryListLoadsAndHasNamedCommands(t *testing.T) {
	for _, name := range Names() {
		list, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, c := range list {
			if c.Name == "" || c.Run == "" {
				t.Errorf("%s: a check without a name or a command: %+v", name, c)
			}
		}
	}
}

func TestUnknownListNamesTheOnesThereAre(t *testing.T) {
	if _, err := Load("nonesuch"); err == nil || !strings.Contains(err.Error(), "there are") {
		t.Fatalf("error is %v", err)
	}
}
