namespace Httpmq.Api.Hosting;

/// <summary>
/// Gives each request its id, the client's own when it sent one, and puts it on the answer. It is the trace identifier of
/// the request, so that everything which logs or answers has it.
/// </summary>
internal sealed class RequestIdMiddleware(RequestDelegate next, string header)
{
    public Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[header];
        var id = given.Count > 0 && given[0] is { Length: > 0 } own ? own : NewId();
        context.TraceIdentifier = id;
        context.Response.Headers[header] = id;
        return next(context);
    }

    /// <summary>A random UUID (version 4). It names a request and guards nothing, so it need not cost a system call.</summary>
    private static string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
