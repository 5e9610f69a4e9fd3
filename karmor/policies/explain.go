package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kubearmor.io/karmor/status"
	"kubearmor.io/policy"
	"kubearmor.io/policy/explain"
)

// circumstances are the flags that say what a decision depends on besides the policies.
type circumstances struct {
	files     []string
	recursive bool
	namespace string
	labels    string
	container string
	posture   string
	baseline  string
	root      string
	args      []string
	question  explain.Question
	output    string
}

func newExplain() *cobra.Command {
	var c circumstances
	cmd := &cobra.Command{
		Use:   "explain -f FILE... [flags] exec|read|write PATH | net PROTOCOL | connect|bind|accept PROTOCOL ADDR:PORT | cap|syscall NAME",
		Short: "Say what policies decide about an operation, and why",
		Long: `Say what policies decide about one operation, and why: the verdict, the policy, the rule by
its field, and the reason (rule, default posture, baseline, no rule).

Without --labels every given policy counts as selected. With --root, names are resolved in
that directory, such as an unpacked image, as the kernel would: links are followed, and a
script is judged together with the interpreters it asks for.

Exit status: 0 whatever the verdict, 2 when the question or a policy is not right.`,
		Example: `  karmor policy explain -f web-app-hardened.yaml exec /bin/sh
  karmor policy explain -f policy.yaml --root ./rootfs exec /docker-entrypoint.sh
  karmor policy explain -f policy.yaml --source /usr/sbin/nginx --owner read /etc/nginx/nginx.conf
  karmor policy explain -f policy.yaml connect tcp 10.0.0.1:443
  karmor policy explain -f policy.yaml -o json cap net_raw`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.files, "filename", "f", nil, "file of policies, - for standard input; may be repeated")
	recursiveFlag(cmd, &c.recursive)
	f.StringVarP(&c.namespace, "namespace", "n", "", "namespace of the pod")
	f.StringVarP(&c.labels, "labels", "l", "", "labels of the pod (or node), k=v,...: leaves out policies that don't select them")
	f.StringVar(&c.container, "container", "", "name of the container; needs --labels")
	f.StringVar(&c.posture, "posture", "block", "default posture: block or audit, or by category: file=audit,network=block")
	f.StringVar(&c.baseline, "baseline", "runtime", "file baseline: runtime or none")
	f.StringVar(&c.root, "root", "", "directory in which links and scripts are looked up")
	f.StringVar(&c.question.Source, "source", "", "program that makes the call")
	f.BoolVar(&c.question.Owner, "owner", false, "the caller owns the file")
	f.BoolVar(&c.question.TTY, "tty", false, "the caller has a controlling terminal")
	f.StringArrayVar(&c.args, "arg", nil, "argument of exec, after the first; may be repeated")
	outputFlag(cmd, &c.output)
	return cmd
}

func (c *circumstances) run(cmd *cobra.Command, words []string) error {
	json, err := asJSON(c.output)
	if err != nil {
		return err
	}
	q, err := c.ask(words)
	if err != nil {
		return err
	}
	all, err := reader{stdin: cmd.InOrStdin(), recursive: c.recursive}.valid(c.files)
	if err != nil {
		return err
	}
	picked, leftOut, err := c.pick(cmd, all)
	if err != nil {
		return err
	}
	answer, err := c.answer(picked, q)
	if err != nil {
		return err
	}
	for _, p := range leftOut {
		answer.Notes = append(answer.Notes, fmt.Sprintf("%s does not select this subject and took no part", p.Ref))
	}
	for _, p := range picked {
		if c.namespace != "" && p.Namespace != "" && p.Namespace != c.namespace {
			answer.Notes = append(answer.Notes, fmt.Sprintf("%s is of another namespace than %s and took part, as every policy does without --labels", p.Ref, c.namespace))
		}
	}
	if json {
		return printJSON(cmd.OutOrStdout(), answerAsJSON(answer))
	}
	printAnswer(cmd.OutOrStdout(), answer)
	return nil
}

// ask reads the question.
func (c *circumstances) ask(words []string) (explain.Question, error) {
	if len(words) == 0 {
		return explain.Question{}, status.Usage("no operation is given: write one such as exec /bin/sh")
	}
	q, err := explain.ParseQuestion(explain.Verb(words[0]), words[1:])
	if err != nil {
		return q, status.Usage("%v", err)
	}
	if len(c.args) > 0 && q.Verb != explain.Exec {
		return q, status.Usage("--arg belongs to exec, not to %s", q.Verb)
	}
	q.Source, q.Owner, q.TTY, q.Args = c.question.Source, c.question.Owner, c.question.TTY, c.args
	return q, nil
}

// pick parts the policies into those that concern the subject and the others.
func (c *circumstances) pick(cmd *cobra.Command, all []*policy.Policy) (picked, leftOut []*policy.Policy, err error) {
	subject := explain.Subject{Namespace: c.namespace, Container: c.container}
	if cmd.Flags().Changed("labels") {
		if subject.Labels, err = parseLabels(c.labels); err != nil {
			return nil, nil, err
		}
	} else if c.container != "" {
		return nil, nil, status.Usage("--container needs --labels: without them every given policy counts as selected")
	}
	for _, p := range all {
		if subject.Selects(p) {
			picked = append(picked, p)
		} else {
			leftOut = append(leftOut, p)
		}
	}
	return picked, leftOut, nil
}

func (c *circumstances) answer(picked []*policy.Policy, q explain.Question) (explain.Answer, error) {
	postures, err := explain.ParsePostures(c.posture)
	if err != nil {
		return explain.Answer{}, status.Usage("--posture: %v", err)
	}
	without, err := explain.ParseBaseline(c.baseline)
	if err != nil {
		return explain.Answer{}, status.Usage("--baseline: %v", err)
	}
	root, closeRoot, err := openRoot(c.root)
	if err != nil {
		return explain.Answer{}, err
	}
	defer closeRoot()
	p, err := explain.NewProfile(picked, policy.Options{Postures: postures, NoBaseline: without, Root: root})
	if err != nil {
		return explain.Answer{}, err
	}
	return explain.Ask(p, root, q)
}

func parseLabels(text string) (map[string]string, error) {
	labels := map[string]string{}
	for _, pair := range slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" }) {
		key, value, ok := strings.Cut(pair, "=")
		if _, twice := labels[key]; !ok || key == "" || twice {
			return nil, status.Usage("--labels: %q is no label: write name=value, each name once", pair)
		}
		labels[key] = value
	}
	return labels, nil
}
