namespace Httpmq.Api.Tls;

/// <summary>What this room logs: ids 1080 to 1089.</summary>
internal static partial class TlsLog
{
    [LoggerMessage(1080, LogLevel.Warning, "The files of TLS have changed: new connections get {File}, which is valid until {Expires:u}")]
    public static partial void CertificateReplaced(this ILogger logger, string file, DateTime expires);

    [LoggerMessage(1081, LogLevel.Error, "The files of TLS have changed, and what they held before is kept: {Reason}")]
    public static partial void CertificateKept(this ILogger logger, string reason);
}
