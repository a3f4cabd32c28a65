using System.Collections.Concurrent;
using System.Reflection;
using Mono.Cecil;
using CustomAttributeArgument = Mono.Cecil.CustomAttributeArgument;
using ICustomAttributeProvider = Mono.Cecil.ICustomAttributeProvider;

namespace Httpmq.Tests.Architecture;

/// <summary>One type that names another; nested types count as the type around them.</summary>
/// <param name="From">Its full name.</param>
/// <param name="FromRoom">Its namespace.</param>
/// <param name="To">The other's full name.</param>
/// <param name="ToRoom">The other's namespace.</param>
internal sealed record TypeReference(string From, string FromRoom, string To, string ToRoom);

/// <summary>
/// Every reference from a type of an assembly to another type, read from the compiled code: base types, interfaces, members, attributes,
/// generic arguments, constraints, local variables, caught exceptions, and whatever an instruction names.
/// </summary>
internal sealed class TypeReferences
{
    // Read once: an assembly does not change while its tests run.
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyCollection<TypeReference>> Known = new();

    private readonly HashSet<TypeReference> _found = [];

    private TypeReferences()
    {
    }

    public static IReadOnlyCollection<TypeReference> Of(Assembly assembly) => Known.GetOrAdd(assembly, Read);

    private static IReadOnlyCollection<TypeReference> Read(Assembly assembly)
    {
        using var resolver = new DefaultAssemblyResolver();
        foreach (var folder in Folders(assembly))
        {
            resolver.AddSearchDirectory(folder);
        }

        using var module = ModuleDefinition.ReadModule(assembly.Location, new ReaderParameters { AssemblyResolver = resolver });
        var references = new TypeReferences();
        foreach (var type in module.GetTypes())
        {
            references.Read(type);
        }

        return references._found;
    }

    private static IEnumerable<string> Folders(Assembly assembly) =>
        new[] { assembly, typeof(object).Assembly, typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly }
            .Select(known => Path.GetDirectoryName(known.Location)!)
            .Distinct(StringComparer.Ordinal);

    private void Read(TypeDefinition type)
    {
        Add(type, type.BaseType);
        Add(type, type.Interfaces.Select(static implemented => implemented.InterfaceType));
        Add(type, type.GenericParameters.SelectMany(static parameter => parameter.Constraints)
            .Select(static constraint => constraint.ConstraintType));
        AddAttributes(type, type);
        foreach (var field in type.Fields)
        {
            Add(type, field.FieldType);
            AddAttributes(type, field);
        }

        foreach (var property in type.Properties)
        {
            AddAttributes(type, property);
        }

        foreach (var method in type.Methods)
        {
            Read(type, method);
        }
    }

    private void Read(TypeDefinition type, MethodDefinition method)
    {
        AddAttributes(type, method);
        AddAttributes(type, method.MethodReturnType);
        AddMethod(type, method);
        Add(type, method.GenericParameters.SelectMany(static parameter => parameter.Constraints)
            .Select(static constraint => constraint.ConstraintType));
        foreach (var parameter in method.Parameters)
        {
            AddAttributes(type, parameter);
        }

        if (!method.HasBody)
        {
            return;
        }

        Add(type, method.Body.Variables.Select(static variable => variable.VariableType));
        Add(type, method.Body.ExceptionHandlers.Select(static handler => handler.CatchType));
        foreach (var instruction in method.Body.Instructions)
        {
            switch (instruction.Operand)
            {
                case Mono.Cecil.TypeReference named:
                    Add(type, named);
                    break;
                case MethodReference called:
                    AddMethod(type, called);
                    break;
                case FieldReference field:
                    Add(type, field.DeclaringType);
                    Add(type, field.FieldType);
                    break;
            }
        }
    }

    private void AddMethod(TypeDefinition from, MethodReference method)
    {
        Add(from, method.DeclaringType);
        Add(from, method.ReturnType);
        Add(from, method.Parameters.Select(static parameter => parameter.ParameterType));
        if (method is GenericInstanceMethod generic)
        {
            Add(from, generic.GenericArguments);
        }
    }

    private void AddAttributes(TypeDefinition from, ICustomAttributeProvider owner)
    {
        foreach (var attribute in owner.CustomAttributes)
        {
            AddMethod(from, attribute.Constructor);
            var named = attribute.Properties.Concat(attribute.Fields).Select(static argument => argument.Argument);
            foreach (var argument in attribute.ConstructorArguments.Concat(named))
            {
                AddArgument(from, argument);
            }
        }
    }

    private void AddArgument(TypeDefinition from, CustomAttributeArgument argument)
    {
        switch (argument.Value)
        {
            case Mono.Cecil.TypeReference type:
                Add(from, type);
                break;
            case CustomAttributeArgument inner:
                AddArgument(from, inner);
                break;
            case CustomAttributeArgument[] several:
                Array.ForEach(several, one => AddArgument(from, one));
                break;
        }
    }

    private void Add(TypeDefinition from, IEnumerable<Mono.Cecil.TypeReference?> types)
    {
        foreach (var type in types)
        {
            Add(from, type);
        }
    }

    private void Add(TypeDefinition from, Mono.Cecil.TypeReference? to)
    {
        switch (to)
        {
            case null or GenericParameter:
                return;
            case GenericInstanceType generic:
                Add(from, generic.GenericArguments);
                Add(from, generic.ElementType);
                return;
            case IModifierType modified:
                Add(from, modified.ModifierType);
                Add(from, modified.ElementType);
                return;
            case TypeSpecification specified:
                Add(from, specified.ElementType);
                return;
        }

        var (user, used) = (Outermost(from), Outermost(to));
        if (!string.Equals(user.FullName, used.FullName, StringComparison.Ordinal))
        {
            _found.Add(new TypeReference(user.FullName, user.Namespace, used.FullName, used.Namespace));
        }
    }

    private static Mono.Cecil.TypeReference Outermost(Mono.Cecil.TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type;
    }
}
