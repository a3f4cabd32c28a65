namespace Httpmq.Tests.Support;

/// <summary>The product of this build as a process.</summary>
internal static class HttpmqChild
{
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Httpmq.Api.dll");

    public static GatewayProcess Start(string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var child = new GatewayProcess(Program, arguments, environment);
        child.Start();
        return child;
    }

    /// <summary>Mode <c>all</c> with its data in this folder.</summary>
    public static GatewayProcess StartAll(
        string folder, int management, int dataplane, int nats, IEnumerable<KeyValuePair<string, string>> more, params string[] arguments)
    {
        var ports = GatewayProcess.Listening("management", management).Concat(GatewayProcess.Listening("dataplane", dataplane));
        return Start(["all", "--data-folder", folder, .. arguments], new Dictionary<string, string>(
            ports.Concat(more), StringComparer.Ordinal)
        { ["Httpmq__EmbeddedNats__Port"] = $"{nats}" });
    }
}
