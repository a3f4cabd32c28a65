using System.Buffers;
using Httpmq.Api.Errors;
using Httpmq.Api.Tracing;
using Httpmq.Domain.Errors;
namespace Httpmq.Api.Http;

/// <summary>
/// Gives each request its id, the client's own when it sent one, and puts it on the answer. It is the trace identifier of
/// the request, so that everything which logs or answers has it.
/// </summary>
internal sealed class RequestIdMiddleware(RequestDelegate next, string header)
{
    // The server takes these in a request's header, and not in an answer's.
    private static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Select(code => (char)code).Where(character => character != '\t'), '\u007F']);

    public Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[header];
        var id = given.Count > 0 && given[0] is { Length: > 0 } own ? own : NewId();
        var control = id.AsSpan().IndexOfAny(Controls);
        if (control >= 0)
        {
            return Refuse(context, id[control]);
        }

        context.TraceIdentifier = id;
        context.Response.Headers[header] = id;
        return RequestSpan.FollowAsync(context, id, next);
    }

    private Task Refuse(HttpContext context, char control)
    {
        context.TraceIdentifier = NewId();
        context.Response.Headers[header] = context.TraceIdentifier;
        return RequestSpan.FollowAsync(context, context.TraceIdentifier, refused =>
        {
            ErrorResponses.Write(refused, HttpErrors.ControlCharacter(header, control));
            return Task.CompletedTask;
        });
    }

    /// <summary>A random UUID (version 4). It names a request and guards nothing, so it need not cost a system call.</summary>
    public static string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
