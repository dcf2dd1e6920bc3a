/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holdfastctl: asks a running primary over its control socket, and prints the reply.
 *
 * A process of its own, without DPDK; owns nothing that outlives it, and maps no shared memory.
 */
#include <errno.h>
#include <string.h>

#include "ctl.h"
#include "log.h"

/* The reply on one line, without the wrapper. */
static void
print_json(json_t *reply)
{
	json_object_del(reply, "ok");
	json_dumpf(reply, stdout, JSON_REAL_PRECISION(CTL_REAL_DIGITS));
	putchar('\n');
}

/* A refusal has a text and the exit status it stands for; a restart may have done a part too. */
static int
show(const struct ctl_command *command, json_t *reply, int json)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	json_int_t code = json_integer_value(json_object_get(reply, "code"));
	int ok = json_is_true(json_object_get(reply, "ok"));

	if (!ok)
		hf_err("%s", error != NULL ? error : "the primary refused without a reason");
	if (json)
		print_json(reply);
	else if (ok || json_object_get(reply, "lanes") != NULL ||
		 json_object_get(reply, "result") != NULL)
		command->print(stdout, reply, ctl_use_colour());
	if (ok)
		return 0;
	return code == CTL_EXIT_USAGE ? CTL_EXIT_USAGE : CTL_EXIT_FAILED;
}

/* The exit status, once everything was printed. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	hf_err("standard output: write: %s", strerror(errno));
	return CTL_EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	const struct ctl_command *command;
	struct ctl_options options;
	json_t *request, *reply;
	int status;

	hf_log_init("holdfastctl", HF_LOG_NOTICE);
	status = ctl_options_parse(argc, argv, &options, &command);
	if (status >= 0)
		return finish(status);
	request = ctl_command_request(command, &options);
	if (request == NULL)
		return CTL_EXIT_USAGE;
	status = CTL_EXIT_FAILED;
	if (command->run != NULL)
		reply = command->run(&options, &status);
	else
		reply = ctl_client_ask(options.instance, request,
				       options.timeout_s > 0 ? options.timeout_s
							     : command->timeout_s);
	json_decref(request);
	if (reply == NULL)
		return status;
	status = show(command, reply, options.json);
	json_decref(reply);
	return finish(status);
}
