namespace Httpmq.Infrastructure.Protocol;

/// <summary>Where JetStream listens, and where it sends.</summary>
internal static class JetStreamSubjects
{
    /// <summary>What the subjects of its API begin with, where no domain or imported account says otherwise.</summary>
    public const string ApiPrefix = "$JS.API";

    /// <summary>What the subjects of acknowledgements begin with.</summary>
    public const string AckPrefix = "$JS.ACK.";

    /// <summary>What the subjects of advisories begin with.</summary>
    public const string AdvisoryPrefix = "$JS.EVENT.ADVISORY.";

    /// <summary>What all subjects of JetStream begin with.</summary>
    public const string Root = RootToken + ".";

    /// <summary>The first token of all subjects of JetStream.</summary>
    public const string RootToken = "$JS";

    /// <summary>The last token of what the subjects of an API begin with.</summary>
    public const string ApiToken = "API";

    /// <summary>The subject of a call.</summary>
    /// <param name="call">What follows the prefix, such as <c>STREAM.INFO.orders</c>.</param>
    /// <param name="prefix">What the API's subjects begin with.</param>
    public static string Api(string call, string prefix = ApiPrefix) => $"{prefix}.{call}";
}
