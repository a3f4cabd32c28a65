namespace Httpmq.Api.Http;

/// <summary>One of the two APIs, each with its own port: the controllers of one do not exist on the other.</summary>
/// <param name="Name">As the mode and the configuration call it.</param>
/// <param name="Title">The title of its OpenAPI document.</param>
/// <param name="Root">What its paths have behind <c>/v1/</c>.</param>
/// <param name="DefaultPort">Where it listens unless it is configured.</param>
/// <param name="DefaultTlsPort">Where it listens with TLS, if it does.</param>
internal sealed record ApiGroup(string Name, string Title, string Root, int DefaultPort, int DefaultTlsPort)
{
    public const string ManagementName = "management";

    public const string DataplaneName = "dataplane";

    /// <summary>Stands for <see cref="Root"/> in the routes of a controller that both APIs have, in brackets.</summary>
    public const string RootToken = "root";

    public static ApiGroup Management { get; } =
        new(ManagementName, "Httpmq management API", "admin", DefaultPort: 3000, DefaultTlsPort: 3443);

    public static ApiGroup Dataplane { get; } =
        new(DataplaneName, "Httpmq dataplane API", "data", DefaultPort: 3001, DefaultTlsPort: 3444);
}

/// <summary>Which of the two APIs a controller belongs to, or that it belongs to both. Without it, its routes would be nowhere.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class ApiGroupAttribute(string name) : Attribute
{
    /// <summary><see cref="ApiGroup.ManagementName"/> or <see cref="ApiGroup.DataplaneName"/>.</summary>
    public string Name { get; } = name;
}
