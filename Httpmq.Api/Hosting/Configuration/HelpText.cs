using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What <c>--help</c> prints, for 80 columns.</summary>
internal static class HelpText
{
    internal const string Hint = "Try 'httpmq --help'.";

    private const string Indent = "                               ";

    internal static string Help { get; } =
        $"""
        {ProductVersion.Text} - an HTTP/2 gateway in front of NATS JetStream

        Usage:
          httpmq [options] <mode> [options]

        Modes:
          management   define, list and delete streams and consumers     (port {ApiGroup.Management.DefaultPort})
          dataplane    publish, subscribe and acknowledge messages       (port {ApiGroup.Dataplane.DefaultPort})
                       both listen on all addresses, unless listen_on says otherwise
          all          both in one process, on this machine only, with a NATS server
                       of its own unless nats.server_uri is configured
          openapi <management|dataplane>
                       print the OpenAPI document of an API, and end
          configuration
                       print every key of the configuration file, and end
          doctor [mode]
                       look whether it would work, with what it is configured for: NATS,
                       permissions, ports, certificates, disk; the exit code is 1 where
                       something is wrong. Without a mode: all
          key new      print a new API key and its hash, and end
          can <principal> <publish|read|consume|admin> <what>
                       say whether the configuration permits it, and by which line;
                       the exit code is 0 for yes, 1 for no

        Options, with the environment variable that does the same:
        {string.Join('\n', Option.All.Select(Describe))}

        Examples:
          httpmq all
              Try it: both APIs with a NATS server (nats-server must be installed).
          httpmq -c httpmq.yaml -l info management
              Serve the management API as httpmq.yaml says.
          Httpmq__Nats__ServerUri=nats://nats-1:4222,nats://nats-2:4222 httpmq dataplane
              Serve the dataplane API in front of a cluster, without a file.

        Every key of the configuration file can be set by the environment as well:
        nats.server_uri is {Catalogue.VariableOf(Catalogue.NatsServerUri)}. The environment wins over the file,
        the command line over both. The command configuration lists the keys.

        Everybody may do everything, unless the configuration has a section auth.

        Web pages may not use the APIs, unless allowed_origins of an API's server_config
        lists their origin; over loopback only loopback host names are served,
        unless allowed_hosts lists others.
        """;

    private static string Describe(Option option)
    {
        var name = $"  {(option.Letter is null ? "   " : option.Letter + ",")} {option.Name} {option.Value}".PadRight(Indent.Length);
        var lines = option.Text.Split('\n').Append(option.Variable).Where(line => line is not null);
        return name + string.Join($"\n{Indent}", lines);
    }
}
