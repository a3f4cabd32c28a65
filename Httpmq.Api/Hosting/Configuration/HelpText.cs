using System.Reflection;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What <c>--help</c> and <c>--version</c> print. Written by hand, for 80 columns; a test holds it against the grammar.</summary>
internal static class HelpText
{
    internal const string Hint = "Try 'httpmq --help'.";

    internal static string Help { get; } =
        $"""
        {ProductVersion.Text} - an HTTP/2 message broker in front of NATS JetStream

        Usage:
          httpmq [options] <mode> [options]

        Modes:
          management   define, list and delete streams and consumers     (port {SettingKeys.ManagementPort})
          dataplane    publish, subscribe and acknowledge messages       (port {SettingKeys.DataplanePort})
                       both listen on all addresses, unless listen_on says otherwise
          all          both in one process, on this machine only, with a NATS server
                       of its own unless nats.server_uri is configured
          openapi <management|dataplane>
                       print the OpenAPI document of an API, and end

        Options, with the environment variable that does the same:
          -c, --config-file <file>     settings, as YAML or JSON; default: none
                                       CONFIG_FILE
          -l, --log-level <level>      debug, info, warn or error; default: warn
                                       LOG_LEVEL
          -j, --json-log               write the log as JSON, one object per line;
                                       default: text
                                       LOG_AS_JSON=true
              --data-folder <folder>   where the NATS server of mode 'all' stores its
                                       data
                                       Httpmq__EmbeddedNats__DataFolder
              --check-config           check settings, print what is wrong, and end
          -h, --help                   print this text
          -v, --version                print the version

        Examples:
          httpmq all
              Try it: both APIs with a NATS server (nats-server must be installed).
          httpmq -c httpmq.yaml -l info management
              Serve the management API as httpmq.yaml says.
          Httpmq__Nats__ServerUri=nats://nats-1:4222,nats://nats-2:4222 httpmq dataplane
              Serve the dataplane API in front of a cluster, without a file.

        Every key of the configuration file can be set by the environment as well:
        nats.server_uri is Httpmq__Nats__ServerUri. The environment wins over the file,
        the command line over both. README.md describes the file and lists its keys.

        Web pages may not use the APIs, unless allowed_origins of an API's server_config
        lists their origin; over loopback only loopback host names are served,
        unless allowed_hosts lists others.
        """;
}
